//! The request a handler edits.

mod fields;
mod target;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Method, Uri};
use tokio::time::Instant;

use crate::body::Body;
use crate::error::{BoxError, Error, ErrorKind};
use crate::fields::{Fields, Name};
use crate::handler::Inbound;
use crate::handler::context::{Context, Detached, States};
use crate::handler::draft::Draft;
use crate::handler::headers::{Headers, Overlay};
use crate::handler::hop::Hop;
use crate::handler::outcome::{Hook, IntoEdit, Outbound, Response};
use crate::handler::received::{Incoming, Received};
use crate::handler::request_builder::RequestBuilder;
use crate::route::Params;

/// A request on its way through a handler: the client's original, and what will be sent.
///
/// Editing methods return `&mut Self`, so they chain, and never panic: the first thing that is impossible (a bad
/// header name, an invalid URI) is kept and comes out of [`build`](Self::build), so that nothing is forwarded.
/// When the handler runs, hop-by-hop fields are already gone (RFC 9110 §7.6.1) and the forwarding fields are set.
///
/// ```
/// use dial::ModifiableRequest;
///
/// fn api(mut request: ModifiableRequest) -> dial::Result {
///     request.rewrite_uri("/api/v1/data").add_header("X-Debug", "true").build()
/// }
///
/// # fn main() -> dial::Result<()> {
/// let outbound = api(ModifiableRequest::get("/api/data?page=2"))?;
/// assert_eq!(outbound.uri(), "/api/v1/data?page=2");
/// assert_eq!(outbound.header("x-debug"), Some("true"));
/// # Ok(()) }
/// ```
pub struct ModifiableRequest {
    draft: Box<Draft>,
}

impl ModifiableRequest {
    pub(crate) fn received(incoming: Incoming, params: Params, context: Arc<dyn Context>) -> Self {
        Self {
            draft: Box::new(Draft::new(incoming, params, context)),
        }
    }

    /// A GET request for a unit test.
    #[must_use]
    pub fn get(uri: &str) -> Self {
        Self::builder().uri(uri).build()
    }

    /// A POST request for a unit test.
    #[must_use]
    pub fn post(uri: &str, body: impl Into<Body>) -> Self {
        Self::builder()
            .method(Method::POST)
            .uri(uri)
            .body(body)
            .build()
    }

    /// Builds a request for a unit test: any method, fields, path parameters and state.
    #[must_use]
    pub fn builder() -> RequestBuilder {
        RequestBuilder::default()
    }

    /// The request as the client sent it, whatever was changed since.
    #[must_use]
    pub fn inbound(&self) -> Inbound<'_> {
        Inbound(self)
    }

    /// The method that will be sent.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.draft.method()
    }

    /// The client's request target, untouched. What will be sent is in [`path`](Self::path) and
    /// [`query`](Self::query).
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.original().uri
    }

    /// The path that will be sent, percent-encoded as it stands.
    #[must_use]
    pub fn path(&self) -> &str {
        self.draft.target.path(self.uri())
    }

    /// The query that will be sent, without its `?`.
    #[must_use]
    pub fn query(&self) -> Option<String> {
        self.draft.target.query(self.uri())
    }

    /// The fields that will be sent. Host is not among them unless the handler set it.
    ///
    /// The map is made when it is asked for, and again after each edit: for one field there is [`header`](Self::header),
    /// and [`default_header`](Self::default_header) to set what is not there.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.draft.headers.map()
    }

    /// The first value of the field `name` as text, if it is there and visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.draft.headers.now().text(name)
    }

    /// The host (and port) the client asked for.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.original().host()
    }

    /// Path parameter `name` as the client sent it, still percent-encoded.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.draft.params.get(self.uri().path(), name)
    }

    /// The other end of the connection; unknown in a unit test and in an application that did not tell.
    #[must_use]
    pub fn client_addr(&self) -> Option<SocketAddr> {
        self.original().peer.addr
    }

    /// Sets the method that is sent.
    pub fn set_method<M>(&mut self, method: M) -> &mut Self
    where
        M: TryInto<Method>,
        M::Error: Into<http::Error>,
    {
        match method.try_into() {
            Ok(Method::CONNECT) => {
                self.draft.fault(Error::new(
                    ErrorKind::Handler,
                    "only a client can ask for CONNECT",
                ));
            }
            Ok(method) => self.draft.method = Some(method),
            Err(error) => self.draft.fault(invalid("method", error.into())),
        }
        self
    }

    /// Reads the whole body, at most `limit` bytes, and keeps it, so that it is still sent.
    ///
    /// # Errors
    /// [`ErrorKind::BodyTooLarge`] past `limit` (a 413 if it leaves the handler), [`ErrorKind::ClientBody`] when the
    /// client broke off. The body is gone then.
    pub async fn body_bytes(&mut self, limit: usize) -> Result<Bytes, Error> {
        let bytes = match std::mem::take(&mut self.draft.body).bytes(limit).await {
            Ok(bytes) => bytes,
            Err(error) => {
                let again = Error::new(error.kind(), "the request body could not be read");
                self.draft.fault(again);
                return Err(error);
            }
        };
        self.draft.body = Body::from(bytes.clone());
        Ok(bytes)
    }

    /// Replaces the body; Content-Length follows it.
    pub fn set_body(&mut self, body: impl Into<Body>) -> &mut Self {
        self.draft.body = body.into();
        self.draft.headers.edit().remove(Name::ContentLength);
        self
    }

    /// Passes the body through `map`, for example to watch or transform it as it streams.
    pub fn map_body<B>(&mut self, map: impl FnOnce(Body) -> B) -> &mut Self
    where
        B: http_body::Body + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let body = Body::new(map(std::mem::take(&mut self.draft.body)));
        self.set_body(body)
    }

    /// Edits the response before it goes to the client: `|response| { .. }`, which may also return
    /// `Result<(), E: IntoReject>`. Hooks run in the order they were added, before the route's own.
    pub fn on_response<F, R>(&mut self, hook: F) -> &mut Self
    where
        F: FnOnce(&mut Response) -> R + Send + 'static,
        R: IntoEdit,
    {
        self.draft
            .hooks
            .push(Hook::new(|response| hook(response).into_edit()));
        self
    }

    /// Finishes the request; what a handler returns.
    ///
    /// # Errors
    /// The first fault of the editing methods. The request is spent then too: building it again is an error.
    pub fn build(&mut self) -> Result<Outbound, Error> {
        self.draft.finish()?;
        let spent = Box::new(self.draft.spent());
        Ok(Outbound {
            draft: std::mem::replace(&mut self.draft, spent),
        })
    }

    /// The same for a request that nobody will ask any more.
    pub(super) fn into_built(mut self) -> Result<Outbound, Error> {
        self.draft.finish()?;
        Ok(Outbound { draft: self.draft })
    }

    /// Sends the request now and returns the endpoint's response, for the rare handler that must see it before it
    /// decides. Retries, timeouts and hooks apply as they do to a returned request.
    ///
    /// # Errors
    /// A fault of the editing methods, or what went wrong upstream.
    pub async fn send(&mut self) -> Result<Response, Error> {
        let outbound = self.build()?;
        let context = Arc::clone(&self.draft.context);
        context.send(outbound).await
    }

    /// The request with a fault it began with.
    pub(super) fn with_fault(mut self, fault: Option<http::Error>) -> Self {
        self.draft.fault = fault.map(|fault| invalid("request", fault));
        self
    }

    /// The request as it came in.
    pub(crate) fn original(&self) -> &Received {
        self.draft.original()
    }

    pub(crate) fn states(&self) -> &States {
        self.draft.context.states()
    }

    pub(crate) fn draft(&self) -> &Draft {
        &self.draft
    }

    /// The fields that will be sent.
    pub(crate) fn fields(&self) -> &Fields<Overlay> {
        self.draft.headers.now()
    }

    /// The same, for the sanitising that runs before the handler.
    pub(crate) fn headers_mut(&mut self) -> &mut Headers {
        &mut self.draft.headers
    }

    /// Tells when the request has to be answered.
    pub(crate) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.draft.deadline = deadline;
    }

    /// What is kept beside the fields.
    pub(crate) fn hop_mut(&mut self) -> &mut Hop {
        &mut self.draft.hop
    }

    /// Whether the client sends no content.
    pub(crate) fn is_bodyless(&self) -> bool {
        http_body::Body::is_end_stream(&self.draft.body)
    }
}

fn invalid(what: &'static str, source: http::Error) -> Error {
    Error::new(ErrorKind::Handler, format!("invalid {what}")).with_source(source)
}

fn detached() -> Arc<dyn Context> {
    static DETACHED: OnceLock<Arc<Detached>> = OnceLock::new();
    Arc::<Detached>::clone(DETACHED.get_or_init(Arc::default))
}

impl Default for ModifiableRequest {
    /// `GET /` without fields or a body.
    fn default() -> Self {
        Self::received(Incoming::default(), Params::none(), detached())
    }
}

impl fmt::Debug for ModifiableRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModifiableRequest")
            .field("method", self.method())
            .field("uri", self.uri())
            .field("path", &self.path())
            .field("query", &self.query())
            .field("headers", self.fields())
            .field("body", &self.draft.body)
            .field("fault", &self.draft.fault)
            .finish_non_exhaustive()
    }
}
