use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], limit_conn = 10)]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
