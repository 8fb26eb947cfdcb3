use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(hedge = 50))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
