use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], host_header = preserved)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
