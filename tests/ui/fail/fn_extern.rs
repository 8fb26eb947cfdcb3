use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
extern "C" fn api(mut request: ModifiableRequest) -> dial::Result {
    request.build()
}

fn main() {}
