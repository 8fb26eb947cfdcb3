//! A request as it came in, which nothing changes any more.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::header::HeaderMap;
use http::request::Parts;
use http::{Method, Uri, Version};

use crate::body::Body;
use crate::fields::{Fields, Name};
use crate::handler::context::Peer;
use crate::handler::hop::Hop;

/// What a connection gives: a request whose route is not known yet.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) received: Arc<Received>,
    pub(crate) body: Body,
    pub(crate) hop: Hop,
}

/// The original of a request.
#[derive(Default)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    /// With one Host at the most, unless somebody else's server let more pass: such a request is refused.
    pub(crate) fields: Fields,
    pub(crate) peer: Arc<Peer>,
    /// The fields as a map, once somebody has asked for it.
    pub(crate) map: OnceLock<HeaderMap>,
}

impl Received {
    /// What somebody else's server has read.
    pub(crate) fn new(request: Parts, peer: Arc<Peer>) -> Self {
        Self {
            fields: Fields::from(&request.headers),
            method: request.method,
            uri: request.uri,
            version: request.version,
            peer,
            map: OnceLock::new(),
        }
    }

    /// A target's authority overrides the Host field (RFC 9112 §3.2.2).
    pub(crate) fn settle_host(&mut self) {
        if let Some(authority) = self.uri.authority() {
            let host = authority.as_str();
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            self.fields.set(Name::Host, host.as_bytes());
        }
    }

    /// The host (and port) it is for.
    pub(crate) fn host(&self) -> Option<&str> {
        let host = std::str::from_utf8(self.fields.values(Name::Host).next()?).ok()?;
        // Of what stands in a field, `http` calls visible ASCII text.
        host.is_ascii().then_some(host)
    }

    pub(crate) fn map(&self) -> &HeaderMap {
        self.map.get_or_init(|| self.fields.to_map())
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("uri", &self.uri)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}
