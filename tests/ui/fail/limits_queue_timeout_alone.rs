use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(requests = 10, queue = 0, queue_timeout = 1s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
