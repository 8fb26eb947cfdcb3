use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", "b"], slow_start = 30)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
