use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(error_percent = 101%))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
