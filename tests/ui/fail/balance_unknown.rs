use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", "b"], balance = least_requests)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
