use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], rate_limit(per_hour = 1_000_001))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
