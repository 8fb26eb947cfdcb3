use dial::{ModifiableRequest, proxy};

#[proxy("/a", upstream = dial::Upstream::new(["a"]).unwrap(), sticky(cookie = "host", key = [0; 16]))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
