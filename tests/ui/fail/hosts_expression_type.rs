use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = 5 + 5)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
