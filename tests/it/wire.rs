//! The conformance battery: what a correct HTTP/1.1 proxy does, row by row over raw sockets on both sides.
//!
//! A [`Row`](row::Row) names its RFC section and has both byte streams: what the client sends, what the origin must have
//! received, what the origin answers, what the client must get, and whether the connection is good for a second request
//! or has to end. Each row has an origin and a dial of its own; a table runs all of its rows and shows both streams of
//! each that fails. Field values are compared byte for byte, names in lower case, fields sorted by name only.
//!
//! | file | holds dial to |
//! |---|---|
//! | [`request_line`] | request line, what may stand before it, limits: RFC 9112 §2.2, §3 |
//! | [`host`] | Host missing, repeated, invalid: 9112 §3.2 |
//! | [`targets`] | origin-, absolute- and authority-form; paths and queries byte for byte: 9112 §3.2 |
//! | [`asterisk`] | `OPTIONS *`, CONNECT without a route: 9112 §3.2.3, §3.2.4 |
//! | [`fields`] | obs-fold, bare CR and LF, NUL, control characters, space before the colon: 9112 §5 |
//! | [`framing`] | Content-Length and Transfer-Encoding in all pairings, on both sides: 9112 §6 |
//! | [`chunks`] | chunk sizes, extensions, line ends, trailer sections: 9112 §7.1 |
//! | [`smuggling`] | CL.TE, TE.CL, TE.TE, CL.0, 0.CL, TE.0, response queues, chunk extensions: 9112 §11.2 |
//! | [`hop_by_hop`] | fields of one connection, in both directions, and what Connection names: 9110 §7.6.1 |
//! | [`forwarding`] | `X-Forwarded-*`, Forwarded, X-Real-IP, spoofed and trusted: RFC 7239 |
//! | [`via`] | Via in both directions, and loops: 9110 §7.6.3 |
//! | [`max_forwards`] | TRACE and OPTIONS with Max-Forwards: 9110 §7.6.2 |
//! | [`versions`] | HTTP/1.0 on either side, other versions: 9110 §2.5, 9112 §2.3 |
//! | [`interim`] | 1xx responses that must not pass: 9110 §15.2 |
//! | [`relayed`] | 1xx responses that must: 9110 §15.2, RFC 8297 |
//! | [`expect`] | Expect from end to end: 9110 §10.1.1 |
//! | [`upgrade`] | Upgrade, 101, tunnels: 9110 §7.8 |
//! | [`trailers`] | TE and trailers in both directions: 9110 §6.5, §10.1.4 |
//! | [`bodies`] | HEAD, 204, 304, unknown lengths, Date, broken off bodies: 9110 §6.4, §8.6, 9112 §6.3, §8 |
//! | [`early`] | answers before the request's body was read: 9112 §9.3, §9.6 |
//! | [`statuses`] | endpoints that fail: 9110 §15.6; limits: §15.5 |
//! | [`limits`] | counts, sizes and silences of a client's head |

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
