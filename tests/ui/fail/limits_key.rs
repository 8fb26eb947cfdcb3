use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limits(maxconn = 100))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
