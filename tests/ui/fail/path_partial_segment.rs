use dial::{ModifiableRequest, proxy};

#[proxy("/a{_id}", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
