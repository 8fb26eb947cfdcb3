use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], upgrade = "no")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
