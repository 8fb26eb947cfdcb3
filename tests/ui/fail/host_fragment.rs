use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "http://backend#a"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
