use dial::{ModifiableRequest, proxy};

#[proxy("/a", domain = "*", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
