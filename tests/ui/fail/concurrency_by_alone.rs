use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], concurrency(by = client_ip))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
