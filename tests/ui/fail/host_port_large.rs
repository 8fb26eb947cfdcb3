use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "backend:99999"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
