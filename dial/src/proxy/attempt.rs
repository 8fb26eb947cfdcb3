//! Picks an endpoint and sends; tries the next as long as the request is known to be unsent.

use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use http_body::Body as _;
use tokio::time::Instant;

use crate::client::{Answered, Client, Connector, Failed, Way};
use crate::config::HostHeader;
use crate::error::{Chain, Error, ErrorKind};
use crate::fields::Name;
use crate::handler::{Answer, Draft, Hop, Outbound};
use crate::proxy::sticky::Stuck;
use crate::proxy::{RouteSpec, key};
use crate::upstream::{AdHoc, Ask, Attempt, Endpoint, Room, Ticket, Tried, Turn, Upstream};

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
        loop {
            let turn = match target.room(&tried)? {
                Room::At(turn) => Some(turn),
                Room::Nowhere => None,
                Room::Full => target.awaited_turn(&tried).await?,
            };
            let Some(turn) = turn else {
                return Err(last.unwrap_or_else(no_endpoint));
            };
            let Turn { endpoint, ticket } = turn;
            let attempt = target.begin(&endpoint, ticket, &mut outbound, &way);
            let mut sent = self.client.send(&endpoint, outbound, &way).await;
            target.end(&endpoint, attempt, &mut sent);
            match sent {
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
    }

    /// Sends a request to one endpoint.
    pub(super) async fn attempt(
        &self,
        target: &Target<'_>,
        turn: Turn,
        mut outbound: Outbound,
        way: &Way<'_>,
    ) -> Result<Answered, Failed> {
        let Turn { endpoint, ticket } = turn;
        let attempt = target.begin(&endpoint, ticket, &mut outbound, way);
        let mut sent = self.client.send(&endpoint, outbound, way).await;
        target.end(&endpoint, attempt, &mut sent);
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
        match self.room(tried)? {
            Room::At(turn) => Ok(Some(turn)),
            Room::Nowhere => Ok(None),
            Room::Full => self.awaited_turn(tried).await,
        }
    }

    /// The same without a wait; `None` also where none has room.
    pub(super) fn turn_at_once(&self, tried: &Tried) -> Option<Turn> {
        match self.room(tried) {
            Ok(Room::At(turn)) => Some(turn),
            Ok(Room::Nowhere | Room::Full) | Err(_) => None,
        }
    }

    fn room(&self, tried: &Tried) -> Result<Room, Error> {
        match self {
            Self::Balanced {
                upstream,
                key,
                stuck,
            } => upstream.turn(&ask(tried, *key, stuck.as_ref())),
            Self::Fixed(endpoint) if tried.contains(endpoint) => Ok(Room::Nowhere),
            Self::Fixed(endpoint) => Ok(Room::At(Turn::at(Arc::clone(endpoint)))),
        }
    }

    /// In a box: no request that finds room has to have some for the wait.
    fn awaited_turn<'t>(
        &'t self,
        tried: &'t Tried,
    ) -> Pin<Box<dyn Future<Output = Result<Option<Turn>, Error>> + Send + 't>> {
        Box::pin(async move {
            match self {
                Self::Balanced {
                    upstream,
                    key,
                    stuck,
                } => {
                    let ask = ask(tried, *key, stuck.as_ref());
                    upstream.awaited_turn(&ask).await
                }
                Self::Fixed(_) => Ok(None),
            }
        })
    }

    /// Whether there is another endpoint than those that were tried, with room or without.
    pub(super) fn has_other(&self, tried: &Tried) -> bool {
        match self {
            Self::Balanced {
                upstream,
                key,
                stuck,
            } => upstream.has_other(&ask(tried, *key, stuck.as_ref())),
            Self::Fixed(endpoint) => !tried.contains(endpoint),
        }
    }

    /// Whether another attempt would wait behind others for room, or be refused.
    pub(super) fn is_crowded(&self) -> bool {
        match self {
            Self::Balanced { upstream, .. } => upstream.queued() > 0 || upstream.refuse().is_err(),
            Self::Fixed(_) => false,
        }
    }

    /// Whatever comes of an attempt is to be told to the one that begins here.
    fn begin<'t>(
        &'t self,
        endpoint: &'t Arc<Endpoint>,
        ticket: Ticket,
        outbound: &mut Outbound,
        way: &Way<'_>,
    ) -> Option<Attempt<'t>> {
        let Self::Balanced { upstream, .. } = self else {
            return None;
        };
        let mut attempt = upstream.attempt(endpoint).passed(ticket.pass);
        // No waiting for the client is to be taken for the endpoint's.
        if outbound.draft.body.in_memory().is_some() {
            let deadline = outbound.draft.deadline.zip(way.timeouts.total);
            attempt = attempt.alone(ticket.flight.is_some().then(Instant::now), deadline);
        }
        outbound.draft.flight = ticket.flight;
        Some(attempt)
    }

    /// It has come to a response, or to none.
    fn end(
        &self,
        endpoint: &Endpoint,
        attempt: Option<Attempt<'_>>,
        sent: &mut Result<Answered, Failed>,
    ) {
        if let Some(attempt) = attempt {
            let outcome = sent.as_ref().map(|answered| answered.answer.status);
            attempt.ended(outcome.map_err(|failed| &failed.error));
        }
        // Its room is for whoever comes first, and be it itself.
        if let Err(Failed {
            request: Some(request),
            ..
        }) = sent
        {
            request.draft.flight = None;
        }
        if let Self::Balanced {
            stuck: Some(stuck), ..
        } = self
            && let Ok(answered) = sent
        {
            stuck.tell(endpoint, &mut answered.answer);
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
