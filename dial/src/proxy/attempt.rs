//! Picks an endpoint and sends; tries the next as long as the request is known to be unsent.

use std::sync::Arc;

use http::Method;
use http_body::Body as _;

use crate::client::{Answered, Client, Connector, Failed, Way};
use crate::config::HostHeader;
use crate::error::{Chain, Error, ErrorKind};
use crate::fields::Name;
use crate::handler::{Answer, Draft, Hop, Outbound};
use crate::proxy::sticky::Stuck;
use crate::proxy::{RouteSpec, key};
use crate::upstream::{AdHoc, Ask, Endpoint, Tried, Turn, Upstream};

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

    /// Sends a request. Without retries each endpoint is tried once at the most, and only while the request is unsent.
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
        let target = if let Some(origin) = origin {
            Target::Fixed(self.ad_hoc.get(&origin)?)
        } else {
            let upstream = &route.upstream;
            Target::Balanced {
                upstream,
                key: upstream.hash_on().and_then(|on| key::of(draft, on)),
                stuck: Stuck::of(draft, upstream),
            }
        };
        let way = Way {
            timeouts: &route.timeouts,
            hop: &hop,
            host: host.as_deref(),
            proxy_protocol: peer,
            max_connections: target.max_connections(),
            retried: None,
        };
        if let Some(retries) = &route.retries {
            // In a box: no other request has to have room for it.
            let named = (&*route.name, &**retries);
            return Box::pin(self.persist(named, &target, outbound, way)).await;
        }
        let mut tried = Tried::none();
        let mut last = None;
        while let Some(turn) = target.turn(&tried).await? {
            let endpoint = Arc::clone(&turn.endpoint);
            match self.attempt(&target, turn, outbound, &way).await {
                Ok(answered) => return Ok(answered.answer),
                Err(Failed {
                    error,
                    request: Some(request),
                    again: true,
                }) => {
                    tracing::debug!(route = route.name, "next endpoint after {}", Chain(&error));
                    tried.insert(&endpoint);
                    last = Some(error);
                    outbound = request;
                }
                Err(Failed { error, .. }) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(no_endpoint))
    }

    /// Sends a request to one endpoint. Whatever comes of any attempt is known here first.
    pub(super) async fn attempt(
        &self,
        target: &Target<'_>,
        turn: Turn,
        mut outbound: Outbound,
        way: &Way<'_>,
    ) -> Result<Answered, Failed> {
        let endpoint = &turn.endpoint;
        let Target::Balanced {
            upstream, stuck, ..
        } = target
        else {
            return self.client.send(endpoint, outbound, way).await;
        };
        let mut attempt = upstream.attempt(endpoint).passed(turn.pass);
        // No waiting for the client is to be taken for the endpoint's.
        if outbound.draft.body.in_memory().is_some() {
            let deadline = outbound.draft.deadline.zip(way.timeouts.total);
            attempt = attempt.alone(turn.flight.as_ref(), deadline);
        }
        outbound.draft.flight = turn.flight;
        let mut sent = self.client.send(endpoint, outbound, way).await;
        let outcome = sent.as_ref().map(|answered| answered.answer.status);
        attempt.ended(outcome.map_err(|failed| &failed.error));
        if let (Ok(answered), Some(stuck)) = (&mut sent, stuck) {
            stuck.tell(endpoint, &mut answered.answer);
        }
        sent
    }
}

/// Where a request may go.
pub(super) enum Target<'a> {
    Balanced {
        upstream: &'a Upstream,
        key: Option<u64>,
        stuck: Option<Stuck<'a>>,
    },
    /// The one place a full-URL rewrite names.
    Fixed(Arc<Endpoint>),
}

impl Target<'_> {
    /// The endpoint of the next attempt, which is none that was tried; waits until there is room at one.
    pub(super) async fn turn(&self, tried: &Tried) -> Result<Option<Turn>, Error> {
        match self {
            Self::Balanced {
                upstream,
                key,
                stuck,
            } => upstream.turn(&ask(tried, *key, stuck.as_ref())).await,
            Self::Fixed(_) => Ok(self.turn_at_once(tried)),
        }
    }

    /// The same without a wait; `None` also where none has room.
    pub(super) fn turn_at_once(&self, tried: &Tried) -> Option<Turn> {
        match self {
            Self::Balanced {
                upstream,
                key,
                stuck,
            } => upstream.turn_at_once(&ask(tried, *key, stuck.as_ref())),
            Self::Fixed(endpoint) => {
                let fresh = !tried.contains(endpoint);
                fresh.then(|| Turn::at(Arc::clone(endpoint)))
            }
        }
    }

    fn max_connections(&self) -> Option<usize> {
        match self {
            Self::Balanced { upstream, .. } => upstream.max_connections(),
            Self::Fixed(_) => None,
        }
    }

    /// Waits until there may be another one.
    pub(super) async fn changed(&self) {
        match self {
            Self::Balanced { upstream, .. } => upstream.changed().await,
            Self::Fixed(_) => std::future::pending().await,
        }
    }
}

fn ask<'a>(tried: &'a Tried, key: Option<u64>, stuck: Option<&'a Stuck<'_>>) -> Ask<'a> {
    let cookie = stuck.and_then(Stuck::cookie);
    Ask { tried, key, cookie }
}

pub(super) fn no_endpoint() -> Error {
    Error::new(ErrorKind::NoEndpoint, "the upstream has no endpoint")
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
