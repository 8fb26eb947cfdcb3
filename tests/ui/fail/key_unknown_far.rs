use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], colour = "red")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
