//! What a request asked of its own connection: taken out of the fields before the handler runs, kept beside it, and put
//! back on the connection to the endpoint where that can be done.

use http::HeaderValue;
use http::uri::Authority;

use crate::relay::Relay;

/// See the module. The default asks for nothing and can do nothing.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a wish or a gift of its own"
)]
pub(crate) struct Hop {
    /// Where interim responses go, if the client can be sent any.
    pub(crate) relay: Option<Relay>,
    /// Whether a client that does not send its body is given up by whoever reads it.
    pub(crate) paced: bool,
    /// Whether the client's connection can become a tunnel.
    pub(crate) can_tunnel: bool,
    /// Whether the client waits for a 100 before it sends the body (RFC 9110 §10.1.1).
    pub(crate) waits: bool,
    /// Whether the client understands trailers (`TE: trailers`, RFC 9110 §10.1.4).
    pub(crate) trailers: bool,
    /// The protocols it would switch to, as a list (RFC 9110 §7.8).
    pub(crate) upgrade: Option<Box<HeaderValue>>,
    /// The target of a CONNECT that a route took.
    pub(crate) connect: Option<Box<Authority>>,
}

impl Hop {
    /// For an attempt beside another one: its interim responses go nowhere.
    pub(crate) fn quiet(&self) -> Self {
        Self {
            paced: self.paced,
            waits: self.waits,
            trailers: self.trailers,
            ..Self::default()
        }
    }

    /// Whether the connection may become a tunnel.
    pub(crate) fn switches(&self) -> bool {
        self.upgrade.is_some() || self.connect.is_some()
    }
}
