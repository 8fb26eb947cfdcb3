use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], sticky = "host")]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
