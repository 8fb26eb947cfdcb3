use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], breaker(window = 500ms))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
