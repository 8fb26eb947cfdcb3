use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], panic = off)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
