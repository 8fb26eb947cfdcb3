use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(attempts = 9, hedge(after = 50ms, most = 4)))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
