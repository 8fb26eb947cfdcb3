//! The story of a request.
//!
//! [`Proxy::handle`] finds the route; [`Lane::handle`] runs it: sanitise → handler → endpoint → response. Whatever
//! fails on the way passes once through [`respond`].

mod attempt;
mod respond;
pub(crate) mod rewrite;
mod route;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;

use http::{HeaderValue, Method, Request};
use http_body::Body as _;

pub(crate) use self::attempt::Forwarder;
pub(crate) use self::respond::refusal;
pub(crate) use self::route::RouteSpec;
pub use self::route::{ErrorHook, ResponseHook};
use crate::body::Body;
use crate::error::{Error, ErrorKind, RequestSent};
use crate::handler::context::{BoxFuture, Context, Peer, States};
use crate::handler::{
    Decision, Hook, IntoDecision, ModifiableRequest, Outbound, Outcome, Reject, Response,
};
use crate::route::{Lookup, Params, RouteTable};

/// A worker's proxy: its table of routes, each with the worker's own connections.
pub(crate) struct Proxy {
    table: RouteTable<Arc<Lane>>,
    on_error: Option<ErrorHook>,
}

/// One route and the way out of one worker.
pub(crate) struct Lane {
    route: Arc<RouteSpec>,
    forwarder: Arc<Forwarder>,
}

impl Proxy {
    pub(crate) fn new(table: RouteTable<Arc<Lane>>, on_error: Option<ErrorHook>) -> Self {
        Self { table, on_error }
    }

    /// Answers one request, come what may.
    pub(crate) async fn handle(&self, request: Request<Body>, peer: &Peer) -> Response {
        let host = match self.table.has_domains() {
            true => rewrite::host(&request),
            false => None,
        };
        let host = host.as_ref().and_then(|host| host.to_str().ok());
        match self
            .table
            .find(host, request.method(), request.uri().path())
        {
            Lookup::Found(lane, params) => lane.handle(request, peer, params).await,
            Lookup::NotFound => {
                let what = format!("no route takes {}", request.uri().path().escape_debug());
                self.refuse(&Error::new(ErrorKind::NotFound, what), request.method())
            }
            Lookup::MethodNotAllowed(allow) => {
                let what = format!("{} is not one of {allow}", request.method());
                let error = Error::new(ErrorKind::MethodNotAllowed, what);
                let mut response = self.refuse(&error, request.method());
                // RFC 9110 §15.5.6: a 405 has an Allow field.
                if let Ok(allow) = HeaderValue::try_from(allow) {
                    response.headers_mut().insert(http::header::ALLOW, allow);
                }
                response
            }
        }
    }

    fn refuse(&self, error: &Error, asked: &Method) -> Response {
        respond::to(error, "-", asked, self.on_error.as_ref())
    }
}

impl Lane {
    pub(crate) fn new(route: Arc<RouteSpec>, forwarder: Arc<Forwarder>) -> Arc<Self> {
        Arc::new(Self { route, forwarder })
    }

    /// Answers one request on this route, come what may.
    pub(crate) async fn handle(
        self: &Arc<Self>,
        request: Request<Body>,
        peer: &Peer,
        params: Params,
    ) -> Response {
        let asked = request.method().clone();
        match self.run(request, peer, params, &asked).await {
            Ok(response) => response,
            Err(error) => {
                let RouteSpec { name, on_error, .. } = &*self.route;
                respond::to(&error, name, &asked, on_error.as_ref())
            }
        }
    }

    async fn run(
        self: &Arc<Self>,
        request: Request<Body>,
        peer: &Peer,
        params: Params,
        asked: &Method,
    ) -> Result<Response, Error> {
        if request.method() == Method::CONNECT {
            let what = "CONNECT asks for a tunnel, which no route offers";
            return Err(Error::new(ErrorKind::MethodNotAllowed, what));
        }
        let request = self.limited(request)?;
        let host = rewrite::host(&request);
        let context = Arc::<Self>::clone(self);
        let mut request = ModifiableRequest::received(request, host, peer, params, context);
        rewrite::sanitise(&mut request, peer, self.route.forwarding);
        let mut response = match self.decide(request).await {
            Decision::Forward(outbound) => {
                let untouched = self.leaves_untouched(&outbound, asked);
                let response = self.forward(outbound).await?;
                if untouched {
                    return Ok(response);
                }
                response
            }
            Decision::Respond(response) => response,
            Decision::Fail(error) => return Err(error),
        };
        if response.status().is_informational() {
            let what = format!("{} cannot be an answer: it is interim", response.status());
            return Err(Error::new(ErrorKind::Handler, what));
        }
        rewrite::settle_response(&mut response, asked);
        Ok(response)
    }

    /// Whether the endpoint's response is the answer as it is.
    fn leaves_untouched(&self, outbound: &Outbound, asked: &Method) -> bool {
        outbound.method == *asked && outbound.hooks.is_empty() && self.route.on_response.is_none()
    }

    /// Refuses a body that is announced too large before anything else happens, and watches one that is not.
    fn limited(&self, request: Request<Body>) -> Result<Request<Body>, Error> {
        let Some(limit) = self.route.body_limit else {
            return Ok(request);
        };
        let announced = request.body().size_hint().lower();
        if announced > limit {
            let what = format!("the request body has {announced} bytes; {limit} are allowed");
            return Err(Error::new(ErrorKind::BodyTooLarge, what));
        }
        Ok(request.map(|body| body.limited(limit)))
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
    async fn forward(&self, mut outbound: Outbound) -> Result<Response, Error> {
        let hooks = std::mem::take(&mut outbound.hooks);
        let mut response = self.forwarder.forward(&self.route, outbound).await?;
        rewrite::sanitise_response(&mut response);
        let edit = AssertUnwindSafe(|| self.edit(hooks, &mut response));
        match std::panic::catch_unwind(edit) {
            Ok(Ok(())) => Ok(response),
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
        Box::pin(async move { self.forward(outbound).await })
    }
}

/// A response hook refused the response.
fn rejected(decision: Decision) -> Result<Response, Error> {
    match decision {
        Decision::Respond(response) => Ok(response),
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
