//! What a handler is given and what it may return.
//!
//! A handler is a function over a [`ModifiableRequest`]; see the table on [`Handler`].

mod answer;
pub(crate) mod context;
mod draft;
mod extract;
pub(crate) mod headers;
mod hop;
mod outcome;
mod received;
mod request;
mod request_builder;
pub(crate) mod shapes;
pub(crate) mod target;

pub(crate) use self::answer::Answer;
pub(crate) use self::draft::Draft;
#[cfg(feature = "query")]
pub use self::extract::Query;
pub use self::extract::{ClientAddr, FromInbound, FromParam, Inbound, Startup, State, param};
pub(crate) use self::hop::Hop;
pub use self::outcome::{
    Decision, IntoDecision, IntoEdit, IntoReject, Outbound, Outcome, Reject, Response,
};
pub(crate) use self::outcome::{Hook, text};
pub(crate) use self::received::{Incoming, Received};
pub use self::request::ModifiableRequest;
pub use self::request_builder::RequestBuilder;
pub use self::shapes::Handler;
pub(crate) use self::shapes::HandlerFn;
