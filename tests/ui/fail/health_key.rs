use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], health("/healthz", every = 5s))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
