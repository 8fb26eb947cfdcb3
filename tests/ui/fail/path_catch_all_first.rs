use dial::{ModifiableRequest, proxy};

#[proxy("/{*_rest}/a", hosts = ["backend"])]
fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
