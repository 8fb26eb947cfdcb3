use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], crate = "dial")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
