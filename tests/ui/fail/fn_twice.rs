use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
#[proxy("/b", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
