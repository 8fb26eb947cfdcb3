use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(total = 2s), retry(per_try = 2s))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
