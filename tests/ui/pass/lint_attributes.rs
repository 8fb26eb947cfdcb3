//! What is said about the function is not said about the code beside it.
#![deny(warnings)]
use dial::{ModifiableRequest, proxy, routes};

#[deprecated = "use `new`"]
#[proxy("/old", hosts = ["b"])]
fn above(_request: &mut ModifiableRequest) {}

#[proxy("/old/{id}", hosts = ["b"])]
#[deprecated(note = "use `new`")]
async fn below(mut request: ModifiableRequest, id: u64) -> dial::Result {
    request.set_header("x-id", id.to_string()).build()
}

#[proxy("/unused", hosts = ["b"])]
#[expect(unused_variables)]
fn expecting(request: ModifiableRequest, first: dial::Method) -> dial::Response {
    dial::Response::default()
}

#[proxy("/case", hosts = ["b"])]
#[allow(non_snake_case)]
#[must_use]
#[inline(never)]
fn CamelCase(request: ModifiableRequest) -> ModifiableRequest {
    request
}

fn main() {
    assert_eq!(routes![above, below, expecting, CamelCase].len(), 4);
}
