use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], concurrency(zzz = 10))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
