use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", "b"], balance = dial::Policy::random())]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
