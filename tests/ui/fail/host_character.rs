use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "back!end"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
