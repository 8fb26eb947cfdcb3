use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(on = 5xx))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
