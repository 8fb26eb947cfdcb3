use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health("/healthz", jitter = 0.6))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
