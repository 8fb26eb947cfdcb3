use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(off, consecutive = 5))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
