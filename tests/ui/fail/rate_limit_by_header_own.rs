use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], rate_limit(per_second = 50, by = header("Connection")))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
