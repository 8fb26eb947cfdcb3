use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", ("b", 3)])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
