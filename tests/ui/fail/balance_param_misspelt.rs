use dial::{ModifiableRequest, proxy};

#[proxy("/a/{_id}", hosts = ["a", "b"], balance = consistent_hash(param = "id"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
