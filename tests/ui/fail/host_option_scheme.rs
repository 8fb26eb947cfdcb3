use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["a", ("ftp://b", backup)])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
