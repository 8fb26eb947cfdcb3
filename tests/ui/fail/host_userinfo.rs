use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["good", "http://user:secret@backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
