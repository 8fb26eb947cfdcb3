use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], forwarded = on)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
