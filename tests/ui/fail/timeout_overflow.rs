use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(response = 18446744073709551615h))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
