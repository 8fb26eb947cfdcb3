use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
