use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(requests = 10, overload_timeout = 10s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
