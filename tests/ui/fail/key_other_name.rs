use dial::{ModifiableRequest, proxy};

#[proxy("/a", backends = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
