use dial::{ModifiableRequest, proxy};

const PATH: &str = "/a";

#[proxy(path = PATH, hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
