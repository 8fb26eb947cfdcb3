use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], breaker(statuses = 200..=599))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
