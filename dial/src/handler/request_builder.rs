//! Requests for unit tests of handlers, made without a server.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{HeaderName, HeaderValue};
use http::{Method, Request};

use crate::body::Body;
use crate::fields::Name;
use crate::handler::ModifiableRequest;
use crate::handler::context::{Detached, Peer, States};
use crate::handler::hop::Hop;
use crate::handler::received::{Incoming, Received};
use crate::route::Params;

/// Builds a [`ModifiableRequest`] for a unit test; what cannot be comes out of the request's `build`.
///
/// ```
/// use dial::{ModifiableRequest, State};
///
/// let request = ModifiableRequest::builder()
///     .method("PUT")
///     .uri("/users/7?full=1")
///     .header("Accept", "application/json")
///     .param("id", "7")
///     .client_addr(([192, 0, 2, 1], 4711).into())
///     .state(String::from("shared"))
///     .body("{}")
///     .build();
/// assert_eq!(request.param("id"), Some("7"));
/// ```
#[derive(Debug, Default)]
pub struct RequestBuilder {
    request: http::request::Builder,
    body: Body,
    params: Vec<(String, String)>,
    client: Option<SocketAddr>,
    states: States,
}

impl RequestBuilder {
    /// The method. Default is GET.
    #[must_use]
    pub fn method<M>(mut self, method: M) -> Self
    where
        M: TryInto<Method>,
        M::Error: Into<http::Error>,
    {
        self.request = self.request.method(method);
        self
    }

    /// The request target. Default is `/`.
    #[must_use]
    pub fn uri(mut self, uri: &str) -> Self {
        self.request = self.request.uri(uri);
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.request = self.request.header(name, value);
        self
    }

    /// The body. Default is none.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// A path parameter, percent-encoded as in a URL.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// The client's address. Default is none.
    #[must_use]
    pub fn client_addr(mut self, addr: SocketAddr) -> Self {
        self.client = Some(addr);
        self
    }

    /// A state that the handler may ask for.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.insert(state);
        self
    }

    /// The request. If it could not be, it says why in its own `build`.
    #[must_use]
    pub fn build(self) -> ModifiableRequest {
        let (request, fault) = match self.request.body(self.body) {
            Ok(request) => (request, None),
            Err(error) => (Request::default(), Some(error)),
        };
        let known = |addr| Peer::new(addr, Arc::default());
        let peer = self.client.map(known).unwrap_or_default();
        let context = Arc::new(Detached {
            states: self.states,
        });
        let (parts, body) = request.into_parts();
        let incoming = Incoming {
            received: Arc::new(Received::new(parts, Arc::new(peer))),
            body,
            hop: Hop::default(),
        };
        let params = Params::given(self.params);
        let mut request = ModifiableRequest::received(incoming, params, context);
        // The endpoint decides what is sent.
        request.headers_mut().edit().remove(Name::Host);
        request.with_fault(fault)
    }
}
