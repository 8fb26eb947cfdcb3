//! Fields: those of one connection end at dial, those of identity are its own, all others pass as they are.

mod edits;
mod forwarding;
mod hop_by_hop;
mod inbound;
mod responses;
mod values;

use dial::ModifiableRequest;
use dial_tests::{Fields, Origin};

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// The fields of the last request that an origin received, without those that are meant to be dial's own.
fn arrived(origin: &Origin) -> Vec<(String, String)> {
    let requests = origin.requests();
    let own = [
        "host",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    ];
    without(&requests.last().expect("a request").headers, &own)
}

/// Names in lower case and values, escaped; by name, and in the order they came within a name.
fn without(fields: &Fields, own: &[&str]) -> Vec<(String, String)> {
    let fields = fields.as_slice().iter();
    let mut fields: Vec<_> = fields
        .map(|(name, value)| (name.to_ascii_lowercase(), value.escape_ascii().to_string()))
        .filter(|(name, _)| !own.contains(&&**name))
        .collect();
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    fields
}

/// What a row expects, in the form of [`without`].
fn expected(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let fields = fields.iter();
    fields
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
