//! One request on a connection, and how far its response has come.

use bytes::Bytes;

use crate::body::Body;
use crate::fields::{Fields, Name, split};
use crate::h1::{BodyReader, Length};
use crate::handler::Hop;
use crate::upstream::Attempt;

/// How far the request that a connection carries has come, and its response.
pub(super) struct Exchange {
    /// What is still to be sent of its body.
    pub(super) upload: Body,
    /// The request's body, if it lay in memory: with it the request can be given back after it was read.
    pub(super) memory: Option<Bytes>,
    /// What it is to its endpoint, until its response was read to the end.
    pub(super) attempt: Attempt,
    pub(super) interim: u32,
    /// Whether the body waits until the endpoint asks for it.
    pub(super) holds: bool,
    /// Bytes of the response's body that came, framing included.
    pub(super) received: u64,
    /// The response's body.
    pub(super) reader: BodyReader,
    pub(super) keep_alive: bool,
}

impl Exchange {
    pub(super) fn none() -> Self {
        Self {
            upload: Body::empty(),
            memory: None,
            attempt: Attempt::default(),
            interim: 0,
            holds: false,
            received: 0,
            reader: BodyReader::new(Length::Exact(0)),
            keep_alive: false,
        }
    }
}

/// Whether a 101 switches to what was asked for (RFC 9110 §7.8).
pub(super) fn switches(hop: &Hop, fields: &Fields) -> bool {
    let Some(asked) = &hop.upgrade else {
        return false;
    };
    let mut asked = split(asked.as_bytes());
    let mut chosen = fields.members(Name::Upgrade);
    match (chosen.next(), chosen.next()) {
        (Some(chosen), None) => asked.any(|asked| asked.eq_ignore_ascii_case(chosen)),
        _ => false,
    }
}
