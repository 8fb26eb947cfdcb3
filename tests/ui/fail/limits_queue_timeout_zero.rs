use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(requests = 10, queue_timeout = 0s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
