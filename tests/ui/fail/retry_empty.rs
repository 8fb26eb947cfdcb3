use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry())]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
