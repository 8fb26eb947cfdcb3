use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(connect = 5sec))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
