use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], name = "a", name = "b")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
