use dial::{ModifiableRequest, proxy};

#[proxy("/a", methods = [], hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
