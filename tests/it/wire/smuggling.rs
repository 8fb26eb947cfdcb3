//! Request smuggling (RFC 9112 §11.2): no two readers may see different messages in the same bytes.
//!
//! The families are named after who reads what: in CL.TE the first proxy goes by Content-Length and the endpoint by
//! Transfer-Encoding, in 0.CL the first sees no body and the endpoint does. What is smuggled behind an Expect is in
//! [`expect`](super::expect), behind an Upgrade in [`upgrade`](super::upgrade), behind an answer that came early in
//! [`early`](super::early).

mod chunks;
mod codings;
mod lengths;
mod queues;

/// What is smuggled. No endpoint may ever see it as a request of its own.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
