use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject = false, panic = false)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
