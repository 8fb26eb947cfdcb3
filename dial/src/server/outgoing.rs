//! A response's head, with what dial itself says in it.

use std::cell::RefCell;
use std::time::SystemTime;

use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue, TRANSFER_ENCODING};
use http::{Method, StatusCode, Version};
use http_body::Body as _;

use crate::body::Body;
use crate::h1::{Length, Writer, response_head};
use crate::handler::Response;

/// Begins the response to a request with `method` in `version`. Says how its body is framed.
pub(super) fn begin(
    writer: &mut Writer,
    response: Response,
    method: &Method,
    version: Version,
    keep_alive: bool,
) -> (Length, Body) {
    let (mut parts, mut body) = response.into_parts();
    parts.headers.remove(CONNECTION);
    parts.headers.remove(TRANSFER_ENCODING);
    let mut length = match body.size_hint().exact() {
        Some(length) => Length::Exact(length),
        None if version >= Version::HTTP_11 => Length::Chunked,
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
    let connection = match keep_alive && length != Length::UntilClose {
        false => Some("close"),
        true if version < Version::HTTP_11 => Some("keep-alive"),
        true => None,
    };
    writer.begin(Some(length), false, |out| {
        response_head(out, parts.status, &parts.headers, told, connection);
    });
    (length, body)
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
