use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = [])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
