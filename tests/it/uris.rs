//! Every line under "Upstreams and URIs" of the design, in both homes: dial's own server and an axum mount.

mod ad_hoc;
mod hosts;
mod rewrites;
mod rotation;
mod sent_host;
mod untouched;

use std::net::SocketAddr;

use dial::ModifiableRequest;
use dial_tests::{Origin, RawResponse, Recorded, client};

/// Rewrites to whatever the client wrote into `X-To`, so that one proxy serves a whole table.
fn rewriting(request: &mut ModifiableRequest) {
    if let Some(to) = request.header("x-to").map(str::to_owned) {
        request.remove_header("x-to").rewrite_uri(to);
    }
}

/// Asks for `target`, to be rewritten to `to`.
async fn rewritten(addr: SocketAddr, target: &str, to: &str) -> RawResponse {
    let raw = format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\nX-To: {to}\r\n\r\n");
    client::request(addr, raw).await
}

/// The request that an origin received last.
fn last(origin: &Origin) -> Recorded {
    let requests = origin.requests();
    requests.last().expect("a request").clone()
}
