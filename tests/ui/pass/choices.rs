//! Every word and unit that a key knows.
use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["b"], host_header = endpoint, forwarded = x_forwarded, timeout(connect = 5s), body_limit = 4096)]
fn a(_request: &mut ModifiableRequest) {}

#[proxy("/b", hosts = ["b"], host_header = preserve, forwarded = rfc7239, timeout(response = 1h), body_limit = 512B)]
fn b(_request: &mut ModifiableRequest) {}

#[proxy("/c", hosts = ["b"], forwarded = both, timeout(connect = 2m, response = 500ms), body_limit = 1MiB)]
fn c(_request: &mut ModifiableRequest) {}

#[proxy("/d", hosts = ["b"], forwarded = off, timeout(connect = "5s"), body_limit = "2GiB")]
fn d(_request: &mut ModifiableRequest) {}

#[proxy("/e", hosts = ["b"], domain = "example.com", timeout(response = 1_000ms), body_limit = 0x10KiB)]
fn e(_request: &mut ModifiableRequest) {}

#[proxy("/f", hosts = ["b"], retry(off))]
fn f(_request: &mut ModifiableRequest) {}

#[proxy("/g", hosts = ["b"], retry(on = [gateway_error], budget = "30%", backoff = 5ms))]
fn g(_request: &mut ModifiableRequest) {}

#[proxy("/h", hosts = ["b"], methods = [POST], retry(on = [connect], wait = 10s))]
fn h(_request: &mut ModifiableRequest) {}

fn main() {
    assert_eq!(dial::routes![a, b, c, d, e, f, g, h].len(), 8);
}
