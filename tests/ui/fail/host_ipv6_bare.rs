use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "::1"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
