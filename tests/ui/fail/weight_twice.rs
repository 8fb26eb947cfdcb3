use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", ("b", weight = 2, weight = 3)])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
