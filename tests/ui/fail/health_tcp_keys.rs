use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health(tcp, method = HEAD, statuses = 200, host_header = "a", contains = "ok"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
