use dial::{ModifiableRequest, proxy};

#[proxy("/a/%2E%2e/b", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
