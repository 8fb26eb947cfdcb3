use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(budget = 0%))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
