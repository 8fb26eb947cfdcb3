//! Routes that share one upstream.
use dial::{ModifiableRequest, Upstream, proxy};
use std::sync::LazyLock;

static SHARED: LazyLock<Upstream> = LazyLock::new(|| Upstream::new(["a", "b"]).unwrap());

#[proxy("/a", upstream = SHARED.clone())]
fn first(_request: &mut ModifiableRequest) {}

#[proxy("/b", upstream = SHARED.clone())]
fn second(_request: &mut ModifiableRequest) {}

fn main() {
    assert!(first::upstream().is_ok());
    assert!(second::upstream().is_ok());
}
