use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health(path = "http://backend/healthz"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
