use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "http://[::g]:80"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
