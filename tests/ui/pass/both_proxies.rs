//! `dial::proxy` is the attribute and the function; a handler serves both.
use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["b"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

#[proxy("/b", hosts = ["b"])]
async fn later(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {
    let _service = proxy(["http://c"], api);
    let _service = dial::proxy(["http://c"], later);
    assert!(dial::try_proxy(Vec::<String>::new(), api).is_err());
}
