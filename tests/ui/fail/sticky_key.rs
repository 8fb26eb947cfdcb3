use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], sticky(name = "host"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
