use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(totl = 5s))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
