use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", ("b", zone = "x")])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
