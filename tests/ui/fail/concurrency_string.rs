use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], concurrency = "100")]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
