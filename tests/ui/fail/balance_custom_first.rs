use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", "b"], balance = custom(client_ip = 5))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
