use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(attempts = 1))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
