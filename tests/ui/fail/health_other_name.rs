use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health_check("/healthz"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
