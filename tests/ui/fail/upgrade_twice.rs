use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], upgrade = true, upgrade = true)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
