use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(budget = 0.2))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
