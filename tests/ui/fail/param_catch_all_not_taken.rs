use dial::{ModifiableRequest, proxy};

#[proxy("/files/{*type}", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
