use dial::{ModifiableRequest, proxy};

#[proxy("/a", domain = "example.com:8080", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
