use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], sticky(cookie = "the host", key_env = "STICKY_KEY"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
