//! What a handler may return, and the one decision all of it comes to.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use http::{HeaderMap, Method, StatusCode, Uri};

use crate::body::Body;
use crate::error::{BoxError, Error, ErrorKind};
use crate::handler::ModifiableRequest;
use crate::handler::draft::Draft;

/// A response with dial's [`Body`].
pub type Response = http::Response<Body>;

/// A request that is ready to be sent; what [`ModifiableRequest::build`] makes.
///
/// It can be asked what it would send, which is all a unit test of a handler needs:
///
/// ```
/// # fn main() -> dial::Result<()> {
/// let mut request = dial::ModifiableRequest::get("/a?x=1");
/// let outbound = request.rewrite_uri("/b?y=2").build()?;
/// assert_eq!(outbound.uri(), "/b?y=2&x=1");
/// assert_eq!(outbound.method(), "GET");
/// # Ok(()) }
/// ```
pub struct Outbound {
    pub(crate) draft: Box<Draft>,
}

/// An edit of the response, left by [`ModifiableRequest::on_response`]. The mutex is never locked: it makes the
/// closure `Sync`.
pub(crate) struct Hook(Mutex<Box<EditOnce>>);

type EditOnce = dyn FnOnce(&mut Response) -> Result<(), Reject> + Send;

impl Hook {
    pub(crate) fn new(
        hook: impl FnOnce(&mut Response) -> Result<(), Reject> + Send + 'static,
    ) -> Self {
        Self(Mutex::new(Box::new(hook)))
    }

    pub(crate) fn run(self, response: &mut Response) -> Result<(), Reject> {
        match self.0.into_inner() {
            Ok(hook) => hook(response),
            Err(_) => Ok(()),
        }
    }
}

impl Outbound {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.draft.method()
    }

    /// The path and query; with scheme and authority when the handler rewrote to a full URL, which bypasses the
    /// balancer.
    #[must_use]
    pub fn uri(&self) -> Uri {
        let path_and_query = self.draft.path_and_query().clone();
        let Some(origin) = self.draft.target.origin() else {
            return Uri::from(path_and_query);
        };
        Uri::builder()
            .scheme(origin.scheme.as_str())
            .authority(origin.authority())
            .path_and_query(path_and_query)
            .build()
            .unwrap_or_default()
    }

    /// The header fields, without Host and framing, which are decided when the endpoint is known.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.draft.headers.map()
    }

    /// The first value of the field `name` as text, if it is there and visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.draft.headers.now().text(name)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.draft.body
    }

    /// The same request once more, without its body.
    pub(crate) fn copy(&self) -> Self {
        let draft = Box::new(self.draft.copy());
        Self { draft }
    }

    /// The body, for a test that reads it.
    #[must_use]
    pub fn into_body(self) -> Body {
        self.draft.body
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("method", self.method())
            .field("uri", &self.uri())
            .field("headers", self.draft.headers.now())
            .field("body", &self.draft.body)
            .finish_non_exhaustive()
    }
}

/// What happens to a request.
#[derive(Debug)]
pub enum Decision {
    /// It is sent upstream.
    Forward(Outbound),
    /// The handler answers it itself.
    Respond(Response),
    /// It fails; the error's status is sent and the error is logged.
    Fail(Error),
}

/// Why a handler did not forward a request; see [`IntoReject`].
#[derive(Debug)]
pub enum Reject {
    /// Answer with this.
    Respond(Box<Response>),
    /// Answer with the error's status, and log it.
    Fail(Error),
}

/// What a handler returns for `Outbound`, `ModifiableRequest`, [`Response`], [`Decision`] and `Result`s of them.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "not something dial can forward or answer with",
    note = "return `dial::Result`, `Outbound`, `ModifiableRequest`, `Response`, or a `Result` of one of them whose error is `IntoReject`"
)]
pub trait IntoDecision {
    /// Decides.
    fn into_decision(self) -> Decision;
}

/// What a handler over `&mut ModifiableRequest` returns: `()`, `&mut ModifiableRequest` or `Result<(), E>`.
#[diagnostic::on_unimplemented(
    message = "a handler over `&mut ModifiableRequest` cannot return `{Self}`",
    label = "not the outcome of an edit",
    note = "return `()`, `&mut ModifiableRequest`, or `Result<(), E>` where `E: IntoReject`"
)]
pub trait IntoEdit {
    /// Whether the edit succeeded.
    fn into_edit(self) -> Result<(), Reject>;
}

/// The error type of a fallible handler or hook.
///
/// A [`StatusCode`], a pair of status and text, and a [`Response`] are answers; an [`Error`] or a boxed error is
/// logged, and only its status is sent.
///
/// ```
/// use dial::{IntoReject, ModifiableRequest, Outbound, Reject, StatusCode};
///
/// enum Denied { NoToken, Expired }
///
/// impl IntoReject for Denied {
///     fn into_reject(self) -> Reject {
///         match self {
///             Denied::NoToken => StatusCode::UNAUTHORIZED.into_reject(),
///             Denied::Expired => (StatusCode::FORBIDDEN, "token expired").into_reject(),
///         }
///     }
/// }
///
/// fn guarded(mut request: ModifiableRequest) -> Result<ModifiableRequest, Denied> {
///     match request.header("authorization") {
///         None => Err(Denied::NoToken),
///         Some("old") => Err(Denied::Expired),
///         Some(_) => Ok(request),
///     }
/// }
/// # assert!(guarded(ModifiableRequest::get("/")).is_err());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be answered with",
    label = "this error does not say how to answer",
    note = "implement `dial::IntoReject` for it, or use `dial::Error`, `StatusCode`, `(StatusCode, String)`, `Response` or `Box<dyn Error + Send + Sync>`"
)]
pub trait IntoReject {
    /// Says how to answer.
    fn into_reject(self) -> Reject;
}

impl IntoDecision for Outbound {
    fn into_decision(self) -> Decision {
        Decision::Forward(self)
    }
}

impl IntoDecision for ModifiableRequest {
    fn into_decision(self) -> Decision {
        self.into_built().into_decision()
    }
}

impl IntoDecision for Response {
    fn into_decision(self) -> Decision {
        Decision::Respond(self)
    }
}

impl IntoDecision for Decision {
    fn into_decision(self) -> Decision {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<D: IntoDecision, E: IntoReject> IntoDecision for Result<D, E> {
    fn into_decision(self) -> Decision {
        match self {
            Ok(decision) => decision.into_decision(),
            Err(error) => error.into_reject().into_decision(),
        }
    }
}

impl IntoDecision for Reject {
    fn into_decision(self) -> Decision {
        match self {
            Self::Respond(response) => Decision::Respond(*response),
            Self::Fail(error) => Decision::Fail(error),
        }
    }
}

impl IntoEdit for () {
    fn into_edit(self) -> Result<(), Reject> {
        Ok(())
    }
}

impl IntoEdit for &mut ModifiableRequest {
    fn into_edit(self) -> Result<(), Reject> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<E: IntoReject> IntoEdit for Result<(), E> {
    fn into_edit(self) -> Result<(), Reject> {
        self.map_err(IntoReject::into_reject)
    }
}

impl IntoReject for Reject {
    fn into_reject(self) -> Reject {
        self
    }
}

impl IntoReject for Error {
    fn into_reject(self) -> Reject {
        Reject::Fail(self)
    }
}

impl IntoReject for Response {
    fn into_reject(self) -> Reject {
        Reject::Respond(Box::new(self))
    }
}

impl IntoReject for Box<Response> {
    fn into_reject(self) -> Reject {
        Reject::Respond(self)
    }
}

impl IntoReject for StatusCode {
    fn into_reject(self) -> Reject {
        let text = self.canonical_reason().unwrap_or("");
        (self, text).into_reject()
    }
}

impl IntoReject for (StatusCode, &'static str) {
    fn into_reject(self) -> Reject {
        text(self.0, Body::from(self.1)).into_reject()
    }
}

impl IntoReject for (StatusCode, String) {
    fn into_reject(self) -> Reject {
        text(self.0, Body::from(self.1)).into_reject()
    }
}

impl IntoReject for BoxError {
    fn into_reject(self) -> Reject {
        Reject::Fail(match self.downcast::<Error>() {
            Ok(error) => *error,
            Err(source) => Error::new(ErrorKind::Handler, "the handler failed").with_source(source),
        })
    }
}

impl IntoReject for Infallible {
    fn into_reject(self) -> Reject {
        match self {}
    }
}

/// A plain-text answer.
pub(crate) fn text(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(
        http::header::CONTENT_TYPE,
        http::HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// A handler's answer: there at once for a sync handler, which therefore costs no boxed future.
#[allow(
    clippy::large_enum_variant,
    reason = "a box for the sync case would be an allocation for each request"
)]
pub enum Outcome {
    /// A sync handler decided.
    Ready(Decision),
    /// An async handler will.
    Pending(Pin<Box<dyn Future<Output = Decision> + Send>>),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(decision) => f.debug_tuple("Ready").field(decision).finish(),
            Self::Pending(_) => f.write_str("Pending"),
        }
    }
}
