use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], breaker(trials = 0))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
