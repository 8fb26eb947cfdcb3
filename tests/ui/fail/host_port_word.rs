use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "backend:http"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
