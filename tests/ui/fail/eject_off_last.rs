use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(consecutive = 5, off))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
