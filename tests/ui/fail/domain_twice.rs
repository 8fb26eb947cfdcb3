use dial::{ModifiableRequest, proxy};

#[proxy("/a", domain = ["example.com", "Example.COM"], hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
