use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], concurrency(requests = 10, by = ip))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
