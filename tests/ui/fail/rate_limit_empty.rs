use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], rate_limit())]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
