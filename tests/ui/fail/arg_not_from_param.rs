use dial::{ModifiableRequest, proxy};

struct Id;

#[proxy("/users/{id}", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, id: Id) {
    let _ = (request, id);
}

fn main() {}
