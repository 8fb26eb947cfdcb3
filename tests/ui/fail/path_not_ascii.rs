use dial::{ModifiableRequest, proxy};

#[proxy("/café", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
