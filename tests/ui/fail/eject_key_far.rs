use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(threads = 5))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
