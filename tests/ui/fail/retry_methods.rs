use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], methods = [POST], retry(attempts = 3))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
