//! Without a path a route takes every one.
use dial::{ModifiableRequest, Route, proxy};

#[proxy(hosts = ["b"])]
fn everything(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {
    assert_eq!(everything::PATH, "/{*path}");
    assert_eq!(everything::definition().pattern(), everything::PATH);
}
