use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], concurrency = 1_000_001)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
