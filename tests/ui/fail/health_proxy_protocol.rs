use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health("/healthz", proxy_protocol = v3))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
