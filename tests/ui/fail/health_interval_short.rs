use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health("/healthz", interval = 1ms))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
