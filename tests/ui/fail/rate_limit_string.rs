use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], rate_limit(per_second = "50/s"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
