use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
async fn api(_request: ModifiableRequest) -> Option<dial::Outbound> {
    None
}

fn main() {}
