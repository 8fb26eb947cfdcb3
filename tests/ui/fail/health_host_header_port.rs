use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health("/healthz", host_header = "a:http"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
