use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(_request: ModifiableRequest) -> Result<dial::Outbound, std::fmt::Error> {
    Err(std::fmt::Error)
}

fn main() {}
