use dial::{ModifiableRequest, proxy};

#[proxy("/100%", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
