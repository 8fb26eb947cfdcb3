use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], proxy_protocol = "v1")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
