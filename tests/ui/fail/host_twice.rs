use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend", "https://backend", "http://Backend:80"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
