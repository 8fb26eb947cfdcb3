use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], breaker(open = 2h))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
