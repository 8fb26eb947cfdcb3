use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], eject(statuses = [5xx, 503]))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
