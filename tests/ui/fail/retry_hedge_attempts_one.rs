use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(attempts = 1, hedge = 50ms))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
