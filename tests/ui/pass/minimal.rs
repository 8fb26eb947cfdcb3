//! The smallest route: the function stays a function, and its name is also the route.
use dial::{ModifiableRequest, proxy};

#[proxy(path = "/api/data", hosts = ["http://backend1:8080", "https://backend2", "backend3"])]
fn api_data(mut request: ModifiableRequest) -> dial::Result {
    request.rewrite_uri("/api/v1/data");
    request.add_header("X-Debug", "true");
    request.build()
}

fn main() {
    assert_eq!(api_data::PATH, "/api/data");
    let outbound = api_data(ModifiableRequest::get("/api/data?a=1")).unwrap();
    assert_eq!(outbound.uri(), "/api/v1/data?a=1");
    assert_eq!(outbound.header("x-debug"), Some("true"));
    assert!(api_data::upstream().is_ok());
}
