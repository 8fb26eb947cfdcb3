use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(request: &ModifiableRequest) {
    let _ = request;
}

fn main() {}
