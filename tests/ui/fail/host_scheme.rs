use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "ftp://backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
