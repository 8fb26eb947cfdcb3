//! A route inside a function, beside statements and in a closure.
use dial::{Router, proxy, routes};

fn routers() -> Vec<Router> {
    let first = {
        #[proxy("/{id}", hosts = ["b"], register = false)]
        fn api(request: &mut dial::ModifiableRequest, id: u64) {
            request.set_header("x-id", id.to_string());
        }
        Router::new().mount(routes![api])
    };
    let second = || {
        #[proxy("/", hosts = ["b"], register = false)]
        async fn api(mut request: dial::ModifiableRequest) -> dial::Result {
            request.build()
        }
        assert_eq!(api::PATH, "/");
        Router::new().mount(routes![api])
    };
    vec![first, second()]
}

fn main() {
    assert!(routers().iter().all(|router| router.len() == 1));
}
