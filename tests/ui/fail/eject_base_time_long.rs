use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(base_time = 2h))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
