use dial::{ModifiableRequest, proxy};

#[proxy("/a//b", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
