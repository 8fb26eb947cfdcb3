use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], timeout(total = 59999ms, response = 1m))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
