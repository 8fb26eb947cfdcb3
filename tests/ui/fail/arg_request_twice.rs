use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, again: ModifiableRequest) {
    let _ = (request, again);
}

fn main() {}
