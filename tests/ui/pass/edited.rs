//! A handler that edits the request in place.
use dial::{ModifiableRequest, proxy};

#[proxy("/old/{*_rest}", hosts = ["b"])]
fn edit(request: &mut ModifiableRequest) {
    request.strip_prefix("/old");
}

#[proxy("/chain", hosts = ["b"])]
fn chain(request: &mut ModifiableRequest) -> &mut ModifiableRequest {
    request.set_header("x-a", "1").set_header("x-b", "2")
}

#[proxy("/unit", hosts = ["b"])]
fn unit(mut _request: &mut ModifiableRequest) -> () {}

fn main() {
    let mut request = ModifiableRequest::get("/old/a/b");
    edit(&mut request);
    assert_eq!(request.build().unwrap().uri(), "/a/b");
    let mut request = ModifiableRequest::get("/chain");
    assert_eq!(chain(&mut request).build().unwrap().header("x-b"), Some("2"));
    unit(&mut request);
}
