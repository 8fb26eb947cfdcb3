use dial::{ModifiableRequest, proxy};

#[proxy(hosts = ["backend"], "/a")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
