//! A function that is compiled away takes its route with it.
use dial::{ModifiableRequest, Router, proxy};

#[proxy("/never", hosts = ["b"])]
#[cfg(any())]
fn api(_request: NoSuchType) -> NoSuchType {}

#[proxy("/never", hosts = ["b"])]
#[cfg_attr(all(), cfg(any()), inline)]
fn other(_request: ModifiableRequest) -> NoSuchType {}

#[proxy("/always", hosts = ["b"])]
#[cfg(all())]
#[cfg_attr(all(), doc = "Documented.")]
fn always(_request: &mut ModifiableRequest) {}

// The name is free.
#[proxy("/other", hosts = ["b"])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    assert_eq!(api::PATH, "/other");
    assert_eq!(always::PATH, "/always");
    assert_eq!(Router::registered().len(), 2);
}
