use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject = true)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
