use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], breaker(error_rate = 50))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
