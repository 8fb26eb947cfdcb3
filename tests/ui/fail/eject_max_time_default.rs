use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(max_time = 5s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
