use dial::{ModifiableRequest, proxy};

#[proxy("/a/{id}/{_b}", hosts = ["a", "b"], balance = consistent_hash(param = "tenant"))]
fn api(_request: &mut ModifiableRequest, id: u64) {
    let _ = id;
}

fn main() {
    let _ = api::PATH;
}
