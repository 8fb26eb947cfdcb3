use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(latency(times = 1, least = 100ms)))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
