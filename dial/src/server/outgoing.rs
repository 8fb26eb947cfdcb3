//! A response's head, with what dial itself says in it.

use std::cell::RefCell;
use std::time::SystemTime;

use http::header::HeaderValue;
use http::{Method, StatusCode, Version};
use http_body::Body as _;

use crate::body::Body;
use crate::fields::{Fields, Name, Names};
use crate::h1::{Length, Writer, response_head};
use crate::handler::Answer;

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
    answer: Answer,
    asked: &Asked,
    keep_alive: bool,
) -> (Length, Body) {
    let Answer {
        status,
        mut fields,
        mut body,
        ..
    } = answer;
    let Asked {
        method, version, ..
    } = asked;
    fields.remove_all(Names::of(&[Name::Connection, Name::TransferEncoding]));
    let mut length = match body.size_hint().exact() {
        Some(length) => Length::Exact(length),
        None if *version >= Version::HTTP_11 => Length::Chunked,
        None => Length::UntilClose,
    };
    let mut told = Some(length);
    if *method == Method::HEAD || status == StatusCode::NOT_MODIFIED {
        // The length there would have been, if it is known (RFC 9110 §8.6).
        told = match length {
            Length::Exact(1..) if !fields.has(Name::ContentLength) => told,
            _ => None,
        };
        length = Length::Exact(0);
    } else {
        fields.remove(Name::ContentLength);
        if status == StatusCode::NO_CONTENT || status.is_informational() {
            length = Length::Exact(0);
            told = None;
        }
    }
    if length == Length::Exact(0) {
        body = Body::empty();
    }
    add_date(&mut fields);
    // Only a 426 still has an Upgrade, which has to be named.
    let upgrade = status == StatusCode::UPGRADE_REQUIRED && fields.has(Name::Upgrade);
    let connection = match keep_alive && length != Length::UntilClose {
        false if upgrade => Some("upgrade, close"),
        false => Some("close"),
        true if *version < Version::HTTP_11 => Some("keep-alive"),
        true if upgrade => Some("upgrade"),
        true => None,
    };
    // Announced, or asked for (RFC 9110 §6.5.1).
    let trailers = length == Length::Chunked && (asked.trailers || fields.has(Name::Trailer));
    writer.begin(Some(length), trailers, |out| {
        response_head(out, status, &fields, told, connection);
    });
    (length, body)
}

/// Begins a response behind which a tunnel is. It switches to `protocol`; to none when it was CONNECT.
pub(super) fn switch(
    writer: &mut Writer,
    status: StatusCode,
    mut fields: Fields,
    protocol: Option<&HeaderValue>,
) {
    let connection = protocol.is_some().then_some("upgrade");
    if let Some(protocol) = protocol {
        fields.set(Name::Upgrade, protocol.as_bytes());
    } else {
        add_date(&mut fields);
    }
    writer.begin(None, false, |out| {
        response_head(out, status, &fields, None, connection);
    });
}

/// An origin may leave it to whoever has a clock (RFC 9110 §6.6.1). Formatted once a second by each thread.
fn add_date(fields: &mut Fields) {
    thread_local! {
        static NOW: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
    }
    if fields.has(Name::Date) {
        return;
    }
    let now = SystemTime::now();
    let since = now.duration_since(SystemTime::UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    NOW.with_borrow_mut(|(known, text)| {
        if *known != seconds {
            *known = seconds;
            *text = httpdate::fmt_http_date(now);
        }
        fields.append(Name::Date, text.as_bytes());
    });
}
