use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "http://backend?a=1"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
