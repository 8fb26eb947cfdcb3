use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(requests_per_host = 20, connections_per_host = 10))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
