use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(base_time = 0s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
