use dial::{ModifiableRequest, proxy};

#[proxy("/a", methods = ["GE T"], hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
