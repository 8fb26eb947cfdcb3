use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(zzz = 3))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
