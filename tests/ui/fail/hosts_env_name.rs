use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts_env = "MY HOSTS")]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
