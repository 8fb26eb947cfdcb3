use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(hedge))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
