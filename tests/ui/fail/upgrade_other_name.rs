use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], websocket = true)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
