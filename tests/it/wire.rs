//! The conformance battery: what a correct HTTP/1.1 proxy does, row by row over raw sockets on both sides.
//!
//! A [`Row`](row::Row) names its RFC section and has both byte streams: what the client sends, what the origin must have
//! received, what the origin answers, what the client must get, and whether the connection is good for a second request
//! or has to end. Each row has an origin and a dial of its own; a table runs all of its rows and shows both streams of
//! each that fails. Lines are compared byte for byte, sorted by name only, so that the order within a name counts. What
//! goes without saying is left out of an expectation: Host and the forwarding fields at the origin, Via on both sides,
//! the Date that dial adds.
//!
//! | what a proxy is held to | file |
//! |---|---|
//! | the request line, what may stand before it, pipelining: RFC 9112 §2.2, §3 | [`request_line`] |
//! | Host missing, repeated, invalid: 9112 §3.2 | [`host`] |
//! | origin-, absolute-, authority-form; absolute overrides Host: 9112 §3.2.1–3 | [`targets`] |
//! | paths, encodings, `//`, `;`, `..;/`, `%2f`, `\`, empty query byte for byte | [`targets`] |
//! | `OPTIONS *`, CONNECT without a route for it: 9112 §3.2.3–4 | [`asterisk`] |
//! | space before the colon, obs-fold, bare CR and LF, NUL, control characters: 9112 §5 | [`fields`] |
//! | order within a name, repeated Set-Cookie, bytes that are not text | [`fields`] |
//! | Content-Length and Transfer-Encoding in all pairings, on both sides: 9112 §6 | [`framing`] |
//! | chunk sizes, extensions, line ends, trailer sections, and their bounds: 9112 §7.1 | [`chunks`] |
//! | smuggling in all families and disguises: 9112 §11.2 | [`smuggling`], [`expect`], [`upgrade`] |
//! | endpoints that say more than they were asked; connections not used again | [`smuggling`] |
//! | hop-by-hop fields in both directions, all Connection lines, what they may not name: 9110 §7.6.1 | [`hop_by_hop`] |
//! | `X-Forwarded-*`, Forwarded, X-Real-IP, spoofed and trusted: RFC 7239 | [`forwarding`] |
//! | Via in both directions, loops: 9110 §7.6.3 | [`via`] |
//! | TRACE and OPTIONS with Max-Forwards: 9110 §7.6.2 | [`max_forwards`] |
//! | HTTP/1.0 on either side, other versions, dial's own in each message: 9110 §2.5, 9112 §2.3 | [`versions`] |
//! | Expect from end to end, 417: 9110 §10.1.1 | [`expect`] |
//! | 1xx that must pass, at once: 9110 §15.2, RFC 8297 | [`relayed`] |
//! | 1xx that must not: unasked, to HTTP/1.0, without end | [`interim`] |
//! | Upgrade only when asked, only after its 101, bytes both ways with half-close: 9110 §7.8 | [`upgrade`] |
//! | HEAD, 204, 304 without a body, HEAD's Content-Length, Date: 9110 §6.4, §6.6.1, §8.6 | [`bodies`] |
//! | unknown lengths and events flushed at once; bodies that break off: 9112 §6.3, §8 | [`bodies`] |
//! | TE and trailers, passed or not, never made into headers: 9110 §6.5, §10.1.4 | [`trailers`] |
//! | answers before the request's body was read: 9112 §9.3, §9.6 | [`early`] |
//! | 502, 503, 504 for endpoints, 400, 408 for clients, and nothing internal told: 9110 §15 | [`statuses`] |
//! | 413 | [`early`], [`expect`] |
//! | 414, 431, and heads of endpoints that are too large: RFC 6585 §5 | [`limits`] |
//!
//! Told elsewhere, because a row is one client and one endpoint: 404 and 405 in [`routing`](super::routing); attempts
//! at the next endpoint, idle connections that spoke or ended, clients that leave in [`failures`](super::failures);
//! back-pressure in [`streaming`](super::streaming); slow clients and hoarded connections in [`limits`](super::limits).

mod asterisk;
mod bodies;
mod chunks;
mod early;
mod expect;
mod fields;
mod forwarding;
mod framing;
mod hop_by_hop;
mod host;
mod interim;
mod limits;
mod max_forwards;
mod message;
mod relayed;
mod request_line;
mod row;
mod smuggling;
mod statuses;
mod tap;
mod targets;
mod trailers;
mod upgrade;
mod versions;
mod via;

/// What dial calls itself in Via. Rows leave that line out, and tables about Via itself state it.
const NAME: &str = "dial";

/// The head of a GET for `/x` with these field lines, and its end.
fn get(fields: &str) -> String {
    format!("GET /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
}

/// A POST to `/x` with these field lines and this body.
fn post(fields: &str, body: &str) -> String {
    format!("POST /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}")
}

/// What is forwarded of [`get`] when only these field lines are.
fn got(fields: &str) -> String {
    format!("GET /x HTTP/1.1\r\n{fields}\r\n")
}

/// What is forwarded of [`post`].
fn posted(fields: &str, body: &str) -> String {
    format!("POST /x HTTP/1.1\r\n{fields}\r\n{body}")
}
