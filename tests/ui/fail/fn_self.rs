use dial::{ModifiableRequest, proxy};

struct Api;

impl Api {
    #[proxy("/a", hosts = ["backend"])]
    fn api(&self, mut request: ModifiableRequest) -> dial::Result {
        request.build()
    }
}

fn main() {}
