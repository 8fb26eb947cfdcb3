use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], rate_limit(per_second = 50, per_minute = 600))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
