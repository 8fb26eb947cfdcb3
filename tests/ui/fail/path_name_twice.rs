use dial::{ModifiableRequest, proxy};

#[proxy("/{_id}/{_id}", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
