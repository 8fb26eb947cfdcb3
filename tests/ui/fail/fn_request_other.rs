use dial::{ModifiableRequest, proxy};

#[proxy("/{id}", hosts = ["backend"])]
fn api(id: u64, mut request: ModifiableRequest) -> dial::Result {
    let _ = id;
    request.build()
}

fn main() {}
