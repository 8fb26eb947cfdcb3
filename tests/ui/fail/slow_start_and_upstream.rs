use dial::{ModifiableRequest, proxy};

#[proxy("/a", upstream = dial::Upstream::new(["a"]).unwrap(), slow_start = 30s)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
