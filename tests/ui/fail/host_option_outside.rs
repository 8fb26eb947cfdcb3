use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", weight = 2])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
