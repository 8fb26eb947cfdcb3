use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(max_percent = 0))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
