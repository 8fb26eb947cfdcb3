use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", ("http://A:80", weight = 2)])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
