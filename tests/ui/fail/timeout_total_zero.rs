use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(total = 0s))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
