//! What can go wrong on a connection to an endpoint, and whose fault it is.

use std::io;

use super::Connection;
use crate::client::Way;
use crate::error::{Chain, Error, ErrorKind, RequestSent};
use crate::h1::{BodyError, Malformed};
use crate::quiet::Ran;

impl Connection {
    pub(super) fn disconnected(&self, source: Option<io::Error>) -> Error {
        let what = match self.input.is_empty() {
            true => "the connection ended before an answer",
            false => "the connection ended within the answer's head",
        };
        let error = Error::new(
            ErrorKind::Disconnected,
            format!("{}: {what}", self.endpoint),
        );
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }

    pub(super) fn timed_out(&self, ran: Ran, way: &Way<'_>) -> Error {
        let limit = way.timeouts.response;
        let (kind, what) = match ran {
            Ran::Out => (ErrorKind::TotalTimeout, "no response in time".to_owned()),
            // While more of the request is awaited, the endpoint is not to blame.
            Ran::Quiet if self.writer.awaits_body() => (
                ErrorKind::ClientTimeout,
                format!("nothing of the request body within {limit:?}"),
            ),
            Ran::Quiet => (
                ErrorKind::ResponseTimeout,
                format!("no response within {limit:?}"),
            ),
        };
        Error::new(kind, format!("{}: {what}", self.endpoint))
    }

    pub(super) fn bad_response(&self, bad: Malformed) -> Error {
        let what = format!("{}: the answer is not proper HTTP/1: {bad}", self.endpoint);
        Error::new(ErrorKind::BadResponse, what)
    }

    pub(super) fn broken_upload(&self, error: Option<Error>) -> Error {
        error
            .unwrap_or_else(|| {
                let what = "the request body is not as long as it said";
                Error::new(ErrorKind::ClientBody, what)
            })
            .within(&self.endpoint)
    }

    pub(super) fn broken_response(&mut self, error: BodyError) -> Error {
        let (kind, what) = match self.exchange.upload_failed {
            // A request that breaks off takes the connection with it: no fault of the endpoint's.
            Some(kind) => (kind, "given up, because the request body broke off"),
            None => (ErrorKind::ResponseBody, "the response body broke off"),
        };
        let sent = RequestSent::Yes;
        let error = Error::new(kind, format!("{}: {what}", self.endpoint))
            .with_source(error)
            .with_sent(sent);
        // It is too late for a status, so this is the place to log it.
        if kind == ErrorKind::ResponseBody {
            tracing::warn!(?kind, ?sent, "{}", Chain(&error));
        } else {
            tracing::debug!(?kind, ?sent, "{}", Chain(&error));
        }
        error
    }
}
