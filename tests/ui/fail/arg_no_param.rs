use dial::{ModifiableRequest, proxy};

#[proxy("/users/{_a}/{_b}", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, id: u64) {
    let _ = (request, id);
}

fn main() {}
