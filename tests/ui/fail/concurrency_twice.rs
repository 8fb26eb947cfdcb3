use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], concurrency = 5, concurrency(requests = 5))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
