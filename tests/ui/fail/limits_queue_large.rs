use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(requests = 10, queue = 1_000_001))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
