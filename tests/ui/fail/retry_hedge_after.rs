use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(hedge(most = 2)))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
