use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(base_time = 1m, max_time = 30s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
