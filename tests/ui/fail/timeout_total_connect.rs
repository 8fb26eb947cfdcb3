use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(connect = 5s, total = 4s))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
