use dial::{ModifiableRequest, proxy};

#[proxy("/users/{user_id}", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, userid: u64) {
    let _ = (request, userid);
}

fn main() {}
