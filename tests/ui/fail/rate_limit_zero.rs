use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], rate_limit(per_second = 0))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
