use dial::{ModifiableRequest, proxy};

#[proxy("/a", upstream = dial::Upstream::new(["a"]).unwrap(), breaker(trials = 5))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
