use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, state: impl Copy) {
    let _ = (request, state);
}

fn main() {}
