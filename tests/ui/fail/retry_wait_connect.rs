use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], retry(on = [reset], wait = 1s))]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
