use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(queue = 100))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
