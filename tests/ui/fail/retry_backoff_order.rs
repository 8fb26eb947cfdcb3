use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(backoff = 1s..25ms))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
