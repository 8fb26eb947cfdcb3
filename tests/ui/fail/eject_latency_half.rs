use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(latency(times = 3)))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
