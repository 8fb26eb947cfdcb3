use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], register = "no")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
