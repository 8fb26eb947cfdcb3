//! Routes that share one upstream, which a static of the program's own holds.
use dial::{ModifiableRequest, Upstream, proxy};
use std::sync::LazyLock;

static SHARED: LazyLock<Upstream> = LazyLock::new(|| Upstream::new(["a", "b"]).unwrap());

#[proxy("/a", upstream = SHARED.clone())]
fn cloned(_request: &mut ModifiableRequest) {}

#[proxy("/b", upstream = &SHARED)]
fn referenced(_request: &mut ModifiableRequest) {}

#[proxy("/c", upstream = SHARED)]
fn named(_request: &mut ModifiableRequest) {}

fn main() {
    assert!(SHARED.add_host("c").unwrap());
    for upstream in [cloned::upstream(), referenced::upstream(), named::upstream()] {
        assert_eq!(upstream.unwrap().len(), 3);
    }
}
