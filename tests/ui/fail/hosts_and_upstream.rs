use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], upstream = shared())]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
