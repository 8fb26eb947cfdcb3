use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], on_response = 5)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
