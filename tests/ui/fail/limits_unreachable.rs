use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(requests = 10, requests_per_host = 20))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
