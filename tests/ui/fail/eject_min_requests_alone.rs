use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(consecutive = 5, min_requests = 20))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
