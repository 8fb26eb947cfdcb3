use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
const fn api(_request: ModifiableRequest) -> dial::Result {
    loop {}
}

fn main() {}
