use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", "b"], balance = consistent_hash(header = "Host"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
