use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", "b"], slow_start = 0s)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
