use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], methods = [POST], retry(buffer = 64KiB))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
