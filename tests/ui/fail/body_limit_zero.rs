use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], body_limit = 0)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
