//! CONNECT in a list of methods: alone it needs a route without a path.
use dial::{ModifiableRequest, Router, proxy, routes};

#[proxy(hosts = ["backend"], methods = [CONNECT])]
fn tunnel(_request: &mut ModifiableRequest) {}

#[proxy("/a", hosts = ["backend"], methods = [GET, CONNECT], upgrade = false, proxy_protocol = v1)]
fn both(_request: &mut ModifiableRequest) {}

fn main() {
    assert_eq!(tunnel::PATH, "/{*path}");
    assert_eq!(Router::new().mount(routes![tunnel, both]).len(), 2);
}
