use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(consecutive = 1001))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
