use dial::{ModifiableRequest, proxy};

#[proxy("/a", methods = [GET, POST, GET], hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
