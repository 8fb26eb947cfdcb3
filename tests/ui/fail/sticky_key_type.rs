use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], sticky(cookie = "host", key = 5 + 5))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
