use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(off, attempts = 3))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
