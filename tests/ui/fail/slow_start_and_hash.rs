use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", "b"], balance = consistent_hash(client_ip), slow_start = 30s)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
