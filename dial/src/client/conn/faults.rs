//! What can go wrong on a connection to an endpoint, and whose fault it is.

use std::io;
use std::time::Duration;

use super::Connection;
use crate::client::Way;
use crate::error::{Chain, Error, ErrorKind, RequestSent};
use crate::h1::{BodyError, Malformed};

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

    pub(super) fn timed_out(&self, way: &Way<'_>) -> Error {
        let limit = way.timeouts.response;
        // While more of the request is awaited, the endpoint is not to blame.
        let (kind, what) = match self.writer.awaits_body() {
            true => (ErrorKind::ClientTimeout, "nothing of the request body"),
            false => (ErrorKind::ResponseTimeout, "no response"),
        };
        Error::new(kind, format!("{}: {what} within {limit:?}", self.endpoint))
    }

    /// The attempt took longer than a retrying route lets it.
    pub(super) fn tried_in_vain(&self, limit: Duration) -> Error {
        let what = format!(
            "{}: no response to an attempt within {limit:?}",
            self.endpoint
        );
        Error::new(ErrorKind::ResponseTimeout, what)
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

    /// The response is given up with its request.
    pub(super) fn called_off(&self) -> Error {
        let (kind, sent) = (ErrorKind::ClientBody, RequestSent::Yes);
        let what = "given up, because the request body broke off";
        tracing::debug!(?kind, ?sent, "{}: {what}", self.endpoint);
        Error::new(kind, format!("{}: {what}", self.endpoint)).with_sent(sent)
    }

    pub(super) fn broken_response(&self, error: BodyError) -> Error {
        let (kind, sent) = (ErrorKind::ResponseBody, RequestSent::Yes);
        let error = Error::new(
            kind,
            format!("{}: the response body broke off", self.endpoint),
        )
        .with_source(error)
        .with_sent(sent);
        // It is too late for a status, so this is the place to log it.
        tracing::warn!(?kind, ?sent, "{}", Chain(&error));
        self.exchange.attempt.broke_off(&self.endpoint);
        error
    }
}
