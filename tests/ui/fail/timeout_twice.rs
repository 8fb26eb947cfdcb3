use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(body = 1s, body = 2s))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
