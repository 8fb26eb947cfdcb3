use dial::{ModifiableRequest, proxy};

#[proxy]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
