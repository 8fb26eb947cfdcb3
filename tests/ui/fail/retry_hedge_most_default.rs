use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(hedge(after = 50ms, most = 3)))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
