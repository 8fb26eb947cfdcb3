//! A handler's further arguments: path parameters, and values taken from the request as it came in.

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::str::FromStr;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version};

use crate::error::{Error, ErrorKind};
use crate::handler::context::States;
use crate::handler::outcome::Reject;
use crate::handler::{IntoReject, ModifiableRequest};

/// The request as the client sent it, whatever was changed since.
#[derive(Clone, Copy, Debug)]
pub struct Inbound<'a>(pub(crate) &'a ModifiableRequest);

impl<'a> Inbound<'a> {
    /// The method.
    #[must_use]
    pub fn method(self) -> &'a Method {
        &self.0.original().method
    }

    /// The request target: in most requests a path and query only.
    #[must_use]
    pub fn uri(self) -> &'a Uri {
        &self.0.original().uri
    }

    /// The HTTP version the client speaks.
    #[must_use]
    pub fn version(self) -> Version {
        self.0.original().version
    }

    /// The first value of the field `name`. All fields are made a map once for it; where text will do and nothing was
    /// edited yet, [`ModifiableRequest::header`] is cheaper.
    #[must_use]
    pub fn header(self, name: impl TryInto<HeaderName>) -> Option<&'a HeaderValue> {
        self.0.original().map().get(name.try_into().ok()?)
    }

    /// All fields, hop-by-hop ones and Host included. This is a copy.
    #[must_use]
    pub fn headers(self) -> HeaderMap {
        self.0.original().map().clone()
    }

    /// The other end of the connection; unknown in a unit test and in an application that did not tell.
    #[must_use]
    pub fn client_addr(self) -> Option<SocketAddr> {
        self.0.client_addr()
    }

    /// The state of this type, if it was given.
    #[must_use]
    pub fn state<T: 'static>(self) -> Option<&'a T> {
        self.0.states().get()
    }
}

/// A typed path parameter. Every [`FromStr`] type is one: `u64`, `String`, `Uuid`, your own.
///
/// The value is percent-decoded first. One that is not UTF-8 or does not parse is a 404 that never reaches an
/// endpoint.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from a path parameter",
    label = "does not implement `FromStr`",
    note = "implement `std::str::FromStr` for it, or take a `String`"
)]
pub trait FromParam: Sized {
    /// Reads the decoded value; `Err` says what is wrong with it, for the log.
    fn from_param(value: &str) -> Result<Self, String>;
}

#[diagnostic::do_not_recommend]
impl<T> FromParam for T
where
    T: FromStr,
    T::Err: Display,
{
    fn from_param(value: &str) -> Result<Self, String> {
        value.parse().map_err(|error: T::Err| error.to_string())
    }
}

/// What can be checked before the first request.
#[derive(Debug)]
pub struct Startup<'a> {
    pub(crate) states: &'a States,
}

impl Startup<'_> {
    /// Whether a state of this type was given.
    #[must_use]
    pub fn has_state<T: 'static>(&self) -> bool {
        self.states.get::<T>().is_some()
    }
}

/// A value a handler takes from the request as it came in.
///
/// ```
/// use dial::{FromInbound, Inbound, IntoReject, Reject, StatusCode};
///
/// struct ApiKey(String);
///
/// impl FromInbound for ApiKey {
///     fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
///         let key = inbound.header("x-api-key").and_then(|value| value.to_str().ok());
///         key.map(|key| ApiKey(key.to_owned()))
///             .ok_or_else(|| StatusCode::UNAUTHORIZED.into_reject())
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a handler's argument",
    label = "neither a path parameter nor something taken from the request",
    note = "name the argument as a path parameter, use `State<T>`, `ClientAddr`, `Method`, `Uri` or `HeaderMap`, or implement `dial::FromInbound`"
)]
pub trait FromInbound: Sized {
    /// Takes the value, or says how to answer without it.
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject>;

    /// Fails if no request could ever provide the value. Default is that it could.
    fn check(startup: &Startup<'_>) -> Result<(), Error> {
        let _ = startup;
        Ok(())
    }
}

/// A value of the application, given with [`Router::state`](crate::Router::state). That none was given is an
/// error at startup.
#[derive(Clone, Copy, Debug, Default)]
pub struct State<T>(pub T);

impl<T> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone + Send + Sync + 'static> FromInbound for State<T> {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        match inbound.state::<T>() {
            Some(state) => Ok(Self(state.clone())),
            None => Err(Reject::Fail(missing_state::<T>())),
        }
    }

    fn check(startup: &Startup<'_>) -> Result<(), Error> {
        match startup.has_state::<T>() {
            true => Ok(()),
            false => Err(missing_state::<T>()),
        }
    }
}

fn missing_state<T>() -> Error {
    let name = std::any::type_name::<T>();
    Error::config(format!(
        "no state of type `{name}` was given; add `.state(..)`"
    ))
}

/// The other end of the connection, whatever the forwarding fields say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(pub SocketAddr);

impl ClientAddr {
    /// The address without its port.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0.ip()
    }
}

impl FromInbound for ClientAddr {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        inbound.client_addr().map(Self).ok_or_else(|| {
            let what = "the client's address is unknown: a mounted proxy has to be told it";
            Reject::Fail(Error::new(ErrorKind::Handler, what))
        })
    }
}

impl FromInbound for SocketAddr {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        ClientAddr::from_inbound(inbound).map(|client| client.0)
    }
}

impl FromInbound for Method {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        Ok(inbound.method().clone())
    }
}

impl FromInbound for Uri {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        Ok(inbound.uri().clone())
    }
}

impl FromInbound for Version {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        Ok(inbound.version())
    }
}

impl FromInbound for HeaderMap {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        Ok(inbound.headers())
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromInbound> FromInbound for Option<T> {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        Ok(T::from_inbound(inbound).ok())
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromInbound, E: From<Reject>> FromInbound for Result<T, E> {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        Ok(T::from_inbound(inbound).map_err(E::from))
    }

    fn check(startup: &Startup<'_>) -> Result<(), Error> {
        T::check(startup)
    }
}

/// The query as a typed struct, through serde. A query that does not fit is a 400.
#[cfg(feature = "query")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

#[cfg(feature = "query")]
impl<T: serde::de::DeserializeOwned> FromInbound for Query<T> {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        serde_html_form::from_str(inbound.uri().query().unwrap_or(""))
            .map(Self)
            .map_err(|source| {
                let what = "the query does not fit the handler's type";
                Reject::Fail(Error::new(ErrorKind::BadRequest, what).with_source(source))
            })
    }
}

/// Reads path parameter `name`; called by the code `#[proxy]` generates.
pub fn param<T: FromParam>(request: &ModifiableRequest, name: &str) -> Result<T, Reject> {
    let raw = request.param(name).unwrap_or("");
    let not_found = |why: String| {
        let what = format!("path parameter `{name}` = `{}`: {why}", raw.escape_debug());
        Error::new(ErrorKind::NotFound, what).into_reject()
    };
    let value = percent_encoding::percent_decode_str(raw)
        .decode_utf8()
        .map_err(|error| not_found(error.to_string()))?;
    T::from_param(&value).map_err(not_found)
}
