use dial::{ModifiableRequest, proxy};

#[proxy("/{user-id}", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
