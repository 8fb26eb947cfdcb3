use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api() -> dial::Result {
    ModifiableRequest::get("/").build()
}

fn main() {}
