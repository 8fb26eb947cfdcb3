use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend", 8080])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
