use dial::{ModifiableRequest, proxy};

#[proxy("/a", upstream = "a")]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
