use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], methods = [POST], retry(hedge = 50ms))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
