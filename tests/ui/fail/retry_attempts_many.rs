use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(attempts = 100))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
