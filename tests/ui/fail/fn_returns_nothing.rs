use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) {
    request.set_path("/b");
}

fn main() {}
