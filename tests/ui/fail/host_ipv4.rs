use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "256.0.0.1"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
