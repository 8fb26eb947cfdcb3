use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(attempts = 2, hedge(after = 50ms, most = 2)))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
