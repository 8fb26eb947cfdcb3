use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], concurrency(requests = 10, by = param("id")))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
