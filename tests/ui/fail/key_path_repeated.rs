use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], path = "/b")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
