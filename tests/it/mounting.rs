//! A proxy in somebody else's application: axum, bare hyper, or anything that calls a `tower` service.

mod apps;
mod calls;

use dial::ModifiableRequest;
use dial_tests::Origin;

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// The target of the last request that an origin received.
fn target(origin: &Origin) -> String {
    origin.requests().pop().expect("a request").target
}
