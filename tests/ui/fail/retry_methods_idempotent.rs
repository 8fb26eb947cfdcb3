use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], methods = [GET], retry(idempotent = true))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
