//! A response's head, with what dial itself says in it.

use std::cell::RefCell;
use std::time::SystemTime;

use http::header::{
    CONNECTION, CONTENT_LENGTH, DATE, HeaderValue, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::response::Parts;
use http::{Method, StatusCode, Version};
use http_body::Body as _;

use crate::body::Body;
use crate::h1::{Length, Writer, response_head};
use crate::handler::Response;

/// What matters of a request for the response to it.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) version: Version,
    /// Whether the client understands trailers.
    pub(super) trailers: bool,
}

impl Default for Asked {
    /// What is not even a request.
    fn default() -> Self {
        Self {
            method: Method::GET,
            version: Version::HTTP_11,
            trailers: false,
        }
    }
}

/// Begins the response to what was asked. Says how its body is framed.
pub(super) fn begin(
    writer: &mut Writer,
    response: Response,
    asked: &Asked,
    keep_alive: bool,
) -> (Length, Body) {
    let (mut parts, mut body) = response.into_parts();
    let Asked {
        method, version, ..
    } = asked;
    parts.headers.remove(CONNECTION);
    parts.headers.remove(TRANSFER_ENCODING);
    let mut length = match body.size_hint().exact() {
        Some(length) => Length::Exact(length),
        None if *version >= Version::HTTP_11 => Length::Chunked,
        None => Length::UntilClose,
    };
    let mut told = Some(length);
    if *method == Method::HEAD || parts.status == StatusCode::NOT_MODIFIED {
        // The length there would have been, if it is known (RFC 9110 §8.6).
        told = match length {
            Length::Exact(1..) if !parts.headers.contains_key(CONTENT_LENGTH) => told,
            _ => None,
        };
        length = Length::Exact(0);
    } else {
        parts.headers.remove(CONTENT_LENGTH);
        if parts.status == StatusCode::NO_CONTENT || parts.status.is_informational() {
            length = Length::Exact(0);
            told = None;
        }
    }
    if length == Length::Exact(0) {
        body = Body::empty();
    }
    // RFC 9110 §6.6.1.
    parts.headers.entry(DATE).or_insert_with(date);
    // Only a 426 still has an Upgrade, which has to be named.
    let upgrade =
        parts.status == StatusCode::UPGRADE_REQUIRED && parts.headers.contains_key(UPGRADE);
    let connection = match keep_alive && length != Length::UntilClose {
        false if upgrade => Some("upgrade, close"),
        false => Some("close"),
        true if *version < Version::HTTP_11 => Some("keep-alive"),
        true if upgrade => Some("upgrade"),
        true => None,
    };
    // Announced, or asked for (RFC 9110 §6.5.1).
    let trailers =
        length == Length::Chunked && (asked.trailers || parts.headers.contains_key(TRAILER));
    writer.begin(Some(length), trailers, |out| {
        response_head(out, parts.status, &parts.headers, told, connection);
    });
    (length, body)
}

/// Begins a response behind which a tunnel is. It switches to `protocol`; to none when it was CONNECT.
pub(super) fn switch(writer: &mut Writer, mut parts: Parts, protocol: Option<&HeaderValue>) {
    let connection = protocol.is_some().then_some("upgrade");
    if let Some(protocol) = protocol {
        parts.headers.insert(UPGRADE, protocol.clone());
    } else {
        parts.headers.entry(DATE).or_insert_with(date);
    }
    writer.begin(None, false, |out| {
        response_head(out, parts.status, &parts.headers, None, connection);
    });
}

/// The time, formatted once a second by each thread.
fn date() -> HeaderValue {
    thread_local! {
        static NOW: RefCell<(u64, HeaderValue)> = const { RefCell::new((0, HeaderValue::from_static(""))) };
    }
    let now = SystemTime::now();
    let seconds = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    NOW.with_borrow_mut(|(known, value)| {
        if *known != seconds
            && let Ok(text) = HeaderValue::try_from(httpdate::fmt_http_date(now))
        {
            *known = seconds;
            *value = text;
        }
        value.clone()
    })
}
