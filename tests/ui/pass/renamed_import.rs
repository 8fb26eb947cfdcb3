//! One `use` brings the function and the route, under whatever name.
use dial::{Router, routes};

mod handlers {
    pub mod users {
        use dial::{ModifiableRequest, proxy};

        #[proxy("/users", hosts = ["b"])]
        pub fn list(mut request: ModifiableRequest) -> dial::Result {
            request.rewrite_uri("/v1/users").build()
        }
    }
}

use handlers::users;
use handlers::users::list as users_list;

fn main() {
    let outbound = users_list(dial::ModifiableRequest::get("/users")).unwrap();
    assert_eq!(outbound.uri(), "/v1/users");
    assert_eq!(users_list::PATH, users::list::PATH);
    let router = Router::new().route::<users_list>().mount(routes![users::list, crate::users_list,]);
    assert_eq!(router.len(), 3);
}
