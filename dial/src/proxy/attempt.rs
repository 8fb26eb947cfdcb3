//! Picks an endpoint and sends; tries the next as long as the request is known to be unsent.

use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use http_body::Body as _;

use crate::client::{self, Client, Connector, Way};
use crate::config::HostHeader;
use crate::error::{Chain, Error, ErrorKind};
use crate::fields::Name;
use crate::handler::{Answer, Draft, Hop, Outbound};
use crate::proxy::sticky::Stuck;
use crate::proxy::{RouteSpec, key};
use crate::upstream::{AdHoc, Ask, Attempt, Endpoint, Room, Tried, Turn, Upstream};

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
        let target = match origin {
            Some(origin) => Target::Fixed(self.ad_hoc.get(&origin)?),
            None => Target::balanced(&route.upstream, draft),
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
            let Turn { endpoint, attempt } = turn;
            begin(attempt, &endpoint, &mut outbound.draft, &way);
            let error = match self.client.send(&endpoint, &mut outbound, &way).await {
                Ok(mut answer) => {
                    target.keep(&endpoint, &mut answer);
                    return Ok(answer);
                }
                Err(failed) => {
                    end(&endpoint, &mut outbound.draft, &failed.error);
                    if !failed.again {
                        return Err(failed.error);
                    }
                    failed.error
                }
            };
            tracing::debug!(route = route.name, "next endpoint after {}", Chain(&error));
            tried.insert(&endpoint);
            last = Some(error);
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
        let Turn { endpoint, attempt } = turn;
        begin(attempt, &endpoint, &mut outbound.draft, way);
        let sent = self.client.send(&endpoint, &mut outbound, way).await;
        let mut request = outbound;
        match sent {
            Ok(mut answer) => {
                target.keep(&endpoint, &mut answer);
                Ok(Answered { answer, request })
            }
            Err(client::Failed { error, again }) => {
                end(&endpoint, &mut request.draft, &error);
                Err(Failed {
                    error,
                    request,
                    again,
                })
            }
        }
    }
}

/// A request that got an answer.
pub(super) struct Answered {
    pub(super) answer: Answer,
    /// The request without its body, for whoever wants to send it once more.
    pub(super) request: Outbound,
}

/// A request that did not get an answer.
pub(super) struct Failed {
    pub(super) error: Error,
    /// The request, with as much of its body as was not read.
    pub(super) request: Outbound,
    /// Whether it can be sent once more as it is.
    pub(super) again: bool,
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

impl<'a> Target<'a> {
    fn balanced(upstream: &'a Upstream, draft: &Draft) -> Self {
        let (mut key, mut stuck) = (None, None);
        if !upstream.is_plain() {
            key = upstream.hash_on().and_then(|on| key::of(draft, on));
            stuck = Stuck::of(draft, upstream);
        }
        Self::Balanced {
            upstream,
            key,
            stuck,
        }
    }

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

    /// Has the client come back to `endpoint`, where it is to stay with one.
    fn keep(&self, endpoint: &Endpoint, answer: &mut Answer) {
        if let Self::Balanced {
            stuck: Some(stuck), ..
        } = self
        {
            stuck.tell(endpoint, answer);
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

/// Begins an attempt.
fn begin(attempt: Attempt, endpoint: &Arc<Endpoint>, draft: &mut Draft, way: &Way<'_>) {
    draft.attempt = attempt;
    // No waiting for the client is to be taken for the endpoint's.
    if draft.body.in_memory().is_some() {
        let deadline = draft.deadline.zip(way.timeouts.total);
        draft.attempt.alone(endpoint, deadline);
    }
}

/// An attempt has come to no response. The room it had is for whoever comes first.
fn end(endpoint: &Arc<Endpoint>, draft: &mut Draft, error: &Error) {
    std::mem::take(&mut draft.attempt).failed(endpoint, error);
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
