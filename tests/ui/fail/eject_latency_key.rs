use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(latency(factor = 3, least = 100ms)))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
