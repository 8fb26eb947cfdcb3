//! A parameter that begins with `_` needs no argument; `rewrite_path` still sees it.
use dial::{ModifiableRequest, proxy};

#[proxy("/v1/{_id}/{*_rest}", hosts = ["b"])]
fn renamed(request: &mut ModifiableRequest) {
    request.rewrite_path("/v2/{_id}");
}

#[proxy("/v3/{_id}", hosts = ["b"])]
fn taken(request: &mut ModifiableRequest, _id: u64) {
    request.set_path("/");
}

fn main() {
    let mut request = ModifiableRequest::builder().uri("/v1/7/x").param("_id", "7").build();
    renamed(&mut request);
    assert_eq!(request.build().unwrap().uri(), "/v2/7");
    taken(&mut request, 7);
}
