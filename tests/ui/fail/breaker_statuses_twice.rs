use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], breaker(statuses = [503, 5xx]))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
