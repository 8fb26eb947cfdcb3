use dial::{ModifiableRequest, proxy};

fn other() -> &'static str {
    "other"
}

#[proxy("/a", hosts = [other(), "ftp://backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
