use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], body_limit = 17179869184GiB)]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
