//! Picks an endpoint and sends; tries the next as long as the request is known to be unsent.

use std::sync::Arc;

use http::Method;
use http_body::Body as _;
use tokio::time::Instant;

use crate::client::{Client, Connector, Failed, Way};
use crate::config::HostHeader;
use crate::error::{Chain, Error, ErrorKind};
use crate::fields::Name;
use crate::handler::{Answer, Draft, Hop, Outbound};
use crate::proxy::sticky::Stuck;
use crate::proxy::{RouteSpec, key};
use crate::upstream::{AdHoc, Ask, Tried};

/// A worker's way to endpoints.
pub(crate) struct Forwarder {
    client: Client,
    /// Endpoints that only full-URL rewrites name.
    ad_hoc: AdHoc,
}

/// How many ad-hoc endpoints a worker remembers, with their connections.
const MAX_AD_HOC: usize = 256;

impl Forwarder {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            ad_hoc: AdHoc::new(MAX_AD_HOC),
        }
    }

    /// How connections to endpoints are made.
    pub(crate) fn connector(&self) -> &Connector {
        self.client.connector()
    }

    /// Sends a request. Bounded by the number of endpoints: each is tried once at the most.
    pub(crate) async fn forward(
        &self,
        route: &RouteSpec,
        mut outbound: Outbound,
    ) -> Result<Answer, Error> {
        let draft = &mut *outbound.draft;
        let mut host = host_override(draft, route.host_header);
        let origin = draft.target.origin().cloned();
        let hop = settled_hop(draft)?;
        if let Some(authority) = &hop.connect {
            // RFC 9110 §7.2: whoever is asked for the tunnel reads the same in both places.
            host = Some(authority.as_str().as_bytes().to_vec());
        }
        // The framing is dial's own.
        draft.headers.edit().remove(Name::ContentLength);
        let peer = route.proxy_protocol.map(|version| {
            let peer = Arc::clone(&draft.original().peer);
            (version, peer)
        });
        let way = Way {
            timeouts: &route.timeouts,
            hop: &hop,
            host: host.as_deref(),
            proxy_protocol: peer,
        };
        if let Some(origin) = origin {
            let endpoint = self.ad_hoc.get(&origin)?;
            let sent = self.client.send(&endpoint, outbound, &way).await;
            return sent.map_err(|failed| failed.error);
        }
        let upstream = &route.upstream;
        let key = upstream.hash_on().and_then(|on| key::of(draft, on));
        let stuck = Stuck::of(draft, upstream);
        let cookie = stuck.as_ref().and_then(Stuck::cookie);
        let mut tried = Tried::none();
        let mut last = None;
        while let Some(endpoint) = upstream.pick(&Ask {
            tried: &tried,
            key,
            cookie,
        }) {
            let flight = upstream.enter(&endpoint);
            let attempt = upstream
                .attempt(&endpoint, flight.as_ref())
                .until(deadline(&outbound.draft));
            outbound.draft.flight = flight;
            let sent = self.client.send(&endpoint, outbound, &way).await;
            let outcome = sent.as_ref().map(|answer| answer.status);
            attempt.ended(outcome.map_err(|failed| &failed.error));
            match sent {
                Ok(mut answer) => {
                    if let Some(stuck) = &stuck {
                        stuck.tell(&endpoint, &mut answer);
                    }
                    return Ok(answer);
                }
                Err(Failed {
                    error,
                    again: Some(again),
                }) => {
                    tracing::debug!(route = route.name, "next endpoint after {}", Chain(&error));
                    tried.insert(&endpoint);
                    last = Some(error);
                    outbound = again;
                }
                Err(Failed { error, .. }) => return Err(error),
            }
        }
        Err(last
            .unwrap_or_else(|| Error::new(ErrorKind::NoEndpoint, "the upstream has no endpoint")))
    }
}

/// When it is the endpoint's failure that there is no answer: not while more of the request may be awaited.
fn deadline(draft: &Draft) -> Option<Instant> {
    let deadline = draft.deadline?;
    draft.body.in_memory().map(|_| deadline)
}

/// What is still asked of the endpoint's connection once the handler has had its say.
fn settled_hop(draft: &mut Draft) -> Result<Hop, Error> {
    let mut hop = std::mem::take(&mut draft.hop);
    let connect = *draft.method() == Method::CONNECT;
    if connect != hop.connect.is_some() {
        let what = "a handler can neither make a CONNECT nor turn one into something else";
        return Err(Error::new(ErrorKind::Handler, what));
    }
    // It would come before the switch, and nobody could tell where it ends.
    if !draft.body.is_end_stream() {
        hop.upgrade = None;
    }
    Ok(hop)
}

/// The Host to send if it is not the endpoint's own: the handler's, or the client's where that is preserved.
fn host_override(draft: &mut Draft, rule: HostHeader) -> Option<Vec<u8>> {
    match (draft.headers.take_host(), rule) {
        (Some(own), _) => Some(own),
        (None, HostHeader::Preserve) => {
            let host = draft.original().fields.values(Name::Host).next();
            host.map(<[u8]>::to_vec)
        }
        (None, HostHeader::Endpoint) => None,
    }
}
