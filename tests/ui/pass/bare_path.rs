//! A bare first string is the path.
use dial::{ModifiableRequest, proxy};

#[proxy("/a/", hosts = ["b"])]
fn slash(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {
    assert_eq!(slash::PATH, "/a/");
    assert_eq!(slash(ModifiableRequest::get("/a/")).unwrap().uri(), "/a/");
}
