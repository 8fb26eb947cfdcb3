//! A client that stays with its endpoint: the cookie it came with, and the one it gets.

use crate::fields::Name;
use crate::handler::{Answer, Draft};
use crate::proxy::key::cookie;
use crate::upstream::{Endpoint, Sticky, Upstream};

/// What a request on a sticky upstream brings.
pub(super) struct Stuck<'a> {
    sticky: &'a Sticky,
    /// The value of the client's cookie.
    cookie: Option<Vec<u8>>,
    https: bool,
}

impl<'a> Stuck<'a> {
    /// `None` where the upstream is not sticky.
    pub(super) fn of(draft: &Draft, upstream: &'a Upstream) -> Option<Self> {
        let sticky = upstream.sticky()?;
        let received = draft.original();
        let mut lines = received.fields.values(Name::Cookie);
        // What is sent of it is what a trusted proxy said, or the truth.
        let mut proto = draft.headers.now().values(Name::XForwardedProto);
        Some(Self {
            sticky,
            cookie: lines
                .find_map(|line| cookie(line, sticky.name()))
                .map(<[u8]>::to_vec),
            https: received.peer.https || proto.next() == Some(b"https"),
        })
    }

    /// The value of the client's cookie.
    pub(super) fn cookie(&self) -> Option<&[u8]> {
        self.cookie.as_deref()
    }

    /// Has the client come back to `endpoint`, unless it is where it was.
    pub(super) fn tell(&self, endpoint: &Endpoint, answer: &mut Answer) {
        if !self.sticky.names(self.cookie(), endpoint) {
            let cookie = self.sticky.set_cookie(endpoint, self.https);
            answer.fields.append(Name::SetCookie, cookie.as_bytes());
        }
    }
}
