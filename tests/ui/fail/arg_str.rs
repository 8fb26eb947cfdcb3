use dial::{ModifiableRequest, proxy};

#[proxy("/users/{id}", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, id: &str) {
    let _ = (request, id);
}

fn main() {}
