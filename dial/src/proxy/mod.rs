//! The story of a request.
//!
//! [`Proxy::handle`] finds the route; [`Lane::handle`] runs it: admit → sanitise → handler → endpoint → response.
//! Whatever fails on the way passes once through [`respond`].

mod admit;
mod attempt;
mod budget;
mod concurrency;
mod hedge;
mod key;
mod persist;
#[cfg_attr(
    not(feature = "rate_limit"),
    allow(dead_code, unreachable_pub, reason = "nobody can make one")
)]
mod rate;
mod replay;
mod respond;
mod retry;
pub(crate) mod rewrite;
mod route;
mod shards;
mod status;
mod sticky;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use http::header::ALLOW;
use http::{Method, StatusCode};
use http_body::Body as _;
use tokio::time::{Instant, timeout_at};

pub(crate) use self::attempt::Forwarder;
pub(crate) use self::concurrency::Concurrency;
pub use self::concurrency::ConcurrencyLimit;
use self::concurrency::Slot;
use self::rate::Admission;
pub(crate) use self::rate::Rate;
#[cfg(feature = "rate_limit")]
pub use self::rate::RateLimit;
#[cfg(feature = "redis")]
pub use self::rate::RedisStore;
pub(crate) use self::retry::Retries;
pub use self::route::{ErrorHook, ResponseHook};
pub(crate) use self::route::{RouteSpec, allow};
use crate::config::Pseudonym;
use crate::error::{Error, ErrorKind, RequestSent};
use crate::handler::context::{BoxFuture, Context, States};
use crate::handler::{
    Answer, Decision, Hook, Incoming, IntoDecision, ModifiableRequest, Outbound, Outcome, Reject,
    Response,
};
use crate::patience::after;
use crate::probe;
use crate::route::{Lookup, Params, RouteTable};

/// A worker's proxy: its table of routes, each with the worker's own connections.
pub(crate) struct Proxy {
    table: RouteTable<Arc<Lane>>,
    refusal: Refusal,
}

/// How a request is answered that has no route.
#[derive(Clone)]
pub(crate) struct Refusal {
    pub(crate) on_error: Option<ErrorHook>,
    /// Whether the response has `Proxy-Status`, and by what name.
    pub(crate) proxy_status: bool,
    pub(crate) via: Option<Pseudonym>,
}

/// One route and the way out of one worker.
pub(crate) struct Lane {
    route: Arc<RouteSpec>,
    forwarder: Arc<Forwarder>,
}

impl Proxy {
    pub(crate) fn new(table: RouteTable<Arc<Lane>>, refusal: Refusal) -> Self {
        Self { table, refusal }
    }

    /// Has the upstreams of all routes begin what they do in the background, where nobody does it yet.
    pub(crate) fn start_tasks(&self) {
        for route in self.table.iter() {
            route.value.start_tasks();
        }
    }

    /// Waits until the hosts of all routes are known.
    pub(crate) async fn discovered(&self) {
        for route in self.table.iter() {
            route.value.route.upstream.discovered().await;
        }
    }

    /// Answers one request, come what may.
    pub(crate) async fn handle(&self, incoming: Incoming) -> Answer {
        let received = &incoming.received;
        let host = match self.table.has_domains() {
            true => received.host(),
            false => None,
        };
        // CONNECT has no path, and `OPTIONS *` is about all of them: both belong to whoever has the root.
        let path = match received.uri.path() {
            "" | "*" => "/",
            path => path,
        };
        let method = &received.method;
        match self.table.find(host, method, path) {
            Lookup::Found(lane, params) => lane.handle(incoming, params).await,
            Lookup::NotFound => {
                let what = format!("no route takes {}", path.escape_debug());
                self.refuse(&Error::new(ErrorKind::NotFound, what), method)
            }
            Lookup::MethodNotAllowed(allow) => {
                let what = format!("{method} is not one of {allow}");
                let error = Error::new(ErrorKind::MethodNotAllowed, what);
                let mut answer = self.refuse(&error, method);
                // RFC 9110 §15.5.6: a 405 has an Allow field.
                answer.fields.set(&ALLOW, allow.as_bytes());
                answer
            }
        }
    }

    /// Answers what has no route, or is not even a request.
    pub(crate) fn refuse(&self, error: &Error, asked: &Method) -> Answer {
        let Refusal {
            on_error,
            proxy_status,
            via,
        } = &self.refusal;
        let why = proxy_status.then(|| status::value(error, via.as_ref()));
        respond::to(error, "-", asked, on_error.as_ref(), why.flatten())
    }
}

impl Lane {
    pub(crate) fn new(route: Arc<RouteSpec>, forwarder: Arc<Forwarder>) -> Arc<Self> {
        Arc::new(Self { route, forwarder })
    }

    /// Has its upstream begin what it does in the background, if nobody does it yet: on this runtime, as long as that lasts.
    pub(crate) fn start_tasks(&self) {
        let upstream = &self.route.upstream;
        if !upstream.is_plain() && upstream.is_idle() {
            self.begin_tasks();
        }
    }

    #[cold]
    fn begin_tasks(&self) {
        let upstream = &self.route.upstream;
        upstream.start_discovery();
        probe::start(upstream, self.forwarder.connector());
    }

    /// Answers one request on this route, come what may.
    pub(crate) async fn handle(self: &Arc<Self>, incoming: Incoming, params: Params) -> Answer {
        let asked = incoming.received.method.clone();
        let total = self.route.timeouts.total;
        let deadline = total.map(|total| after(Instant::now(), total));
        let mut slot = None;
        let result = {
            // Pinned where it is made: it is large, and moving it costs.
            let run = pin!(self.run(incoming, params, &asked, deadline, &mut slot));
            match deadline {
                None => run.await,
                Some(deadline) => match timeout_at(deadline, run).await {
                    Ok(result) => result,
                    Err(_) => Err(out_of_time()),
                },
            }
        };
        let mut answer = match result {
            Ok(answer) => answer,
            Err(error) => return self.refuse(&error, &asked),
        };
        if let Some(slot) = slot {
            answer.body = answer.body.holding(slot);
        }
        if let Some(deadline) = deadline {
            answer.body = answer.body.until(deadline);
        }
        answer
    }

    /// Answers one request that failed.
    pub(crate) fn refuse(&self, error: &Error, asked: &Method) -> Answer {
        let route = &*self.route;
        let why = (route.proxy_status).then(|| status::value(error, route.via.as_ref()));
        let hook = route.on_error.as_ref();
        let mut answer = respond::to(error, &route.name, asked, hook, why.flatten());
        if error.kind() == ErrorKind::MethodNotAllowed {
            answer.fields.set(&ALLOW, route.allow.as_bytes());
        }
        answer
    }

    async fn run(
        self: &Arc<Self>,
        incoming: Incoming,
        params: Params,
        asked: &Method,
        deadline: Option<Instant>,
        slot: &mut Option<Slot>,
    ) -> Result<Answer, Error> {
        let incoming = self.limited(incoming)?;
        let context = Arc::<Self>::clone(self);
        let mut request = ModifiableRequest::received(incoming, params, context);
        request.set_deadline(deadline);
        if let Some(answer) = admit::admit(&mut request, &self.route)? {
            return Ok(answer.into());
        }
        rewrite::sanitise(&mut request, &self.route);
        if let Some(rate) = &self.route.rate {
            match rate.admit(&request) {
                Admission::Known(admitted) => admitted?,
                #[cfg(feature = "redis")]
                Admission::Asked(answer) => answer.await?,
            }
        }
        if let Some(concurrency) = &self.route.concurrency {
            *slot = Some(concurrency.admit(&request)?);
        }
        let mut answer = match self.decide(request).await {
            Decision::Forward(outbound) => {
                let untouched = self.leaves_untouched(&outbound, asked);
                let answer = self.forward(outbound).await?;
                if untouched {
                    return Ok(answer);
                }
                answer
            }
            Decision::Respond(response) => response.into(),
            Decision::Fail(error) => return Err(error),
        };
        if is_switch(&answer, asked) {
            rewrite::settle_switch(&mut answer);
            return Ok(answer);
        }
        if answer.status.is_informational() {
            let what = format!("{} cannot be an answer: it is interim", answer.status);
            return Err(Error::new(ErrorKind::Handler, what));
        }
        rewrite::settle_response(&mut answer, asked);
        Ok(answer)
    }

    /// Whether the endpoint's response is the answer as it is.
    fn leaves_untouched(&self, outbound: &Outbound, asked: &Method) -> bool {
        outbound.method() == asked
            && outbound.draft.hooks.is_empty()
            && self.route.on_response.is_none()
    }

    /// Refuses a body that is announced too large before anything else happens, and watches one that is not.
    fn limited(&self, mut incoming: Incoming) -> Result<Incoming, Error> {
        if let Some(limit) = self.route.body_limit {
            let announced = incoming.body.size_hint().lower();
            if announced > limit {
                let what = format!("the request body has {announced} bytes; {limit} are allowed");
                return Err(Error::new(ErrorKind::BodyTooLarge, what));
            }
            incoming.body = incoming.body.limited(limit);
        }
        Ok(incoming)
    }

    /// Runs the handler. A panic ends this request and nothing else.
    async fn decide(&self, request: ModifiableRequest) -> Decision {
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| (self.route.handler)(request)));
        match outcome {
            Ok(Outcome::Ready(decision)) => decision,
            Ok(Outcome::Pending(mut future)) => {
                std::future::poll_fn(|cx| {
                    let poll = AssertUnwindSafe(|| future.as_mut().poll(cx));
                    std::panic::catch_unwind(poll)
                        .unwrap_or_else(|panic| Poll::Ready(panicked("the handler", &*panic)))
                })
                .await
            }
            Err(panic) => panicked("the handler", &*panic),
        }
    }

    /// Sends what the handler decided on, and passes the answer through the hooks.
    async fn forward(&self, mut outbound: Outbound) -> Result<Answer, Error> {
        self.start_tasks();
        let hooks = std::mem::take(&mut outbound.draft.hooks);
        let mut answer = self.forwarder.forward(&self.route, outbound).await?;
        rewrite::sanitise_response(&mut answer, &self.route);
        if hooks.is_empty() && self.route.on_response.is_none() {
            return Ok(answer);
        }
        let mut response = Response::from(answer);
        let edit = AssertUnwindSafe(|| self.edit(hooks, &mut response));
        match std::panic::catch_unwind(edit) {
            Ok(Ok(())) => Ok(response.into()),
            Ok(Err(reject)) => rejected(reject.into_decision()),
            Err(panic) => rejected(panicked("a response hook", &*panic)),
        }
    }

    /// Runs the request's own hooks, then the route's.
    fn edit(&self, hooks: Vec<Hook>, response: &mut Response) -> Result<(), Reject> {
        for hook in hooks {
            hook.run(response)?;
        }
        match &self.route.on_response {
            Some(hook) => hook.run(response),
            None => Ok(()),
        }
    }
}

impl Context for Lane {
    fn states(&self) -> &States {
        &self.route.states
    }

    fn send(self: Arc<Self>, outbound: Outbound) -> BoxFuture<Result<Response, Error>> {
        Box::pin(async move { self.forward(outbound).await.map(Response::from) })
    }
}

/// Whether a response ends what HTTP has to say on its connection: a tunnel, with a status that tells so. A hook may have
/// chosen another one; then the tunnel is dropped.
fn is_switch(answer: &Answer, asked: &Method) -> bool {
    let status = match *asked {
        Method::CONNECT => answer.status.is_success(),
        _ => answer.status == StatusCode::SWITCHING_PROTOCOLS,
    };
    status && answer.body.is_tunnel()
}

fn out_of_time() -> Error {
    let what = "the request was not answered within its total timeout";
    Error::new(ErrorKind::TotalTimeout, what).with_sent(RequestSent::Maybe)
}

/// A response hook refused the response.
fn rejected(decision: Decision) -> Result<Answer, Error> {
    match decision {
        Decision::Respond(response) => Ok(response.into()),
        Decision::Fail(error) => Err(error.with_sent(RequestSent::Yes)),
        Decision::Forward(_) => Err(Error::new(
            ErrorKind::Handler,
            "a response hook cannot forward",
        )),
    }
}

fn panicked(who: &str, panic: &(dyn std::any::Any + Send)) -> Decision {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Decision::Fail(Error::new(
        ErrorKind::HandlerPanicked,
        format!("{who} panicked: {text}"),
    ))
}
