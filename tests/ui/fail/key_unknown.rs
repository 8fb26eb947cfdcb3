use dial::{ModifiableRequest, proxy};

#[proxy("/a", host = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {
    let _ = dial::routes![api];
    let _ = (api::PATH, api::upstream());
}
