use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(total = 2s), retry(hedge = 2s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
