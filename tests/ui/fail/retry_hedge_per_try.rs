use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(per_try = 1s, hedge = 2s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
