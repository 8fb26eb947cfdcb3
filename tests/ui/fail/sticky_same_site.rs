use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], sticky(cookie = "host", key_env = "STICKY_KEY", same_site = "lax"))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
