use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(error_percent = 50, window = 500ms))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
