use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(_request: ModifiableRequest) -> Vec<u8> {
    Vec::new()
}

fn main() {}
