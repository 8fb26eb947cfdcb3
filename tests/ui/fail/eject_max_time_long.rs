use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(max_time = 25h))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
