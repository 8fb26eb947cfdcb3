//! What is taken out of a message between two connections, and what is put in.
//!
//! ```text
//! tx 192.0.2.1:9
//! Connection: X-A, close
//! X-A: 1
//! ```
//! Letters (`t` trusted, `s` https; `x`, `f` or `b` for the fields that are asked for), the peer's address, fields.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::{HOST, HeaderMap, HeaderValue};
use http::{Method, Request};

use super::input::{self, values};
use crate::body::Body;
use crate::config::Forwarding;
use crate::handler::context::{Detached, Peer};
use crate::handler::{ModifiableRequest, Response};
use crate::proxy::rewrite;
use crate::route::Params;

/// RFC 9110 §7.6.1, §11.7, and what older agents send.
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];
/// What `Connection` cannot delete.
const PROTECTED: [&str; 5] = [
    "host",
    "content-length",
    "authorization",
    "cookie",
    "set-cookie",
];

/// Any bytes, as text of the form above.
pub fn sanitise(data: &[u8]) {
    let Case {
        peer,
        forwarding,
        fields,
    } = Case::read(data);
    let sent = sanitised(fields.clone(), &peer, forwarding);
    check_removed(&fields, &sent, &peer);
    check_forwarding(&fields, &sent, &peer, forwarding);
    if !peer.trusted {
        let mut again = sent.clone();
        again.extend(fields.get(HOST).map(|host| (HOST, host.clone())));
        assert_eq!(
            sanitised(again, &peer, forwarding),
            sent,
            "not the same twice"
        );
    }
    check_response(&fields);
}

/// A request's fields and who sent them.
pub(super) struct Case {
    pub(super) peer: Peer,
    pub(super) forwarding: Forwarding,
    pub(super) fields: HeaderMap,
}

impl Case {
    pub(super) fn read(data: &[u8]) -> Self {
        let (first, rest) = input::line(data);
        let first = String::from_utf8_lossy(first);
        let (letters, addr) = first.split_once(' ').unwrap_or((&first, ""));
        let trusted = letters.contains('t');
        let mut peer = match addr.trim().parse::<SocketAddr>() {
            Ok(addr) => Peer::new(addr, trusted),
            Err(_) => Peer {
                trusted,
                ..Peer::default()
            },
        };
        peer.https = letters.contains('s');
        let forwarding = match letters {
            letters if letters.contains('b') => Forwarding::Both,
            letters if letters.contains('f') => Forwarding::Rfc7239,
            letters if letters.contains('x') => Forwarding::XForwarded,
            _ => Forwarding::Off,
        };
        Self {
            peer,
            forwarding,
            fields: input::fields(rest),
        }
    }
}

/// The fields of a request after `sanitise`. The client's own can still be told.
pub(super) fn sanitised(fields: HeaderMap, peer: &Peer, forwarding: Forwarding) -> HeaderMap {
    let mut request = Request::new(Body::empty());
    let host = fields.get(HOST).cloned();
    let before = fields.clone();
    *request.headers_mut() = fields;
    let context = Arc::new(Detached::default());
    let mut request =
        ModifiableRequest::received(request, host.clone(), peer, Params::none(), context);
    rewrite::sanitise(&mut request, peer, forwarding);
    assert_eq!(request.host_value(), host.as_ref());
    let mut original = request.inbound().headers();
    if let Some(host) = host {
        // Of several it is the first: `h1` lets no more than one pass.
        assert_eq!(original.insert(HOST, host.clone()), Some(host));
    }
    let mut expected = before;
    if let Some(host) = expected.get(HOST).cloned() {
        expected.insert(HOST, host);
    }
    assert_eq!(original, expected, "the original is lost");
    request.headers().clone()
}

/// The names that `Connection` lists, in lower case.
fn nominated(fields: &HeaderMap) -> Vec<String> {
    let lines = fields
        .get_all("connection")
        .iter()
        .map(HeaderValue::as_bytes);
    let tokens = lines.flat_map(|line| line.split(|byte| *byte == b','));
    tokens
        .map(|token| String::from_utf8_lossy(token).trim().to_ascii_lowercase())
        .collect()
}

fn is_forwarding(name: &str) -> bool {
    name == "forwarded" || name == "x-real-ip" || name.starts_with("x-forwarded-")
}

fn check_removed(before: &HeaderMap, after: &HeaderMap, peer: &Peer) {
    for name in HOP_BY_HOP {
        assert!(!after.contains_key(name), "{name} is left");
    }
    assert!(!after.contains_key(HOST), "Host is left");
    let nominated = nominated(before);
    for name in before.keys().map(http::HeaderName::as_str) {
        let named = nominated.iter().any(|nominee| nominee == name);
        let hop = HOP_BY_HOP.contains(&name) || named && !PROTECTED.contains(&name);
        if is_forwarding(name) {
            assert!(
                !peer.trusted || after.contains_key(name),
                "{name} is deleted"
            );
        } else if hop || name == "host" {
            assert!(!after.contains_key(name), "{name} is left");
        } else {
            assert_eq!(values(before, name), values(after, name), "{name}");
        }
    }
    let new = after.keys().filter(|name| !before.contains_key(*name));
    for name in new {
        assert!(is_forwarding(name.as_str()), "{name} from nowhere");
    }
}

/// What an untrusted peer says is gone; what a trusted one says is added to.
fn check_forwarding(before: &HeaderMap, after: &HeaderMap, peer: &Peer, forwarding: Forwarding) {
    let x_forwarded = matches!(forwarding, Forwarding::XForwarded | Forwarding::Both);
    let forwarded = matches!(forwarding, Forwarding::Rfc7239 | Forwarding::Both);
    let address = peer.addr.map(|addr| addr.ip().to_canonical().to_string());
    let scheme = if peer.https { "https" } else { "http" };
    let own = [
        (
            "x-forwarded-for",
            address.filter(|_| x_forwarded).map(String::into_bytes),
        ),
        ("x-forwarded-proto", x_forwarded.then(|| scheme.into())),
        (
            "x-forwarded-host",
            before
                .get(HOST)
                .filter(|_| x_forwarded)
                .map(|host| host.as_bytes().to_vec()),
        ),
    ];
    for (name, own) in &own {
        let (was, is) = (values(before, name), values(after, name));
        match own {
            _ if was.is_empty() || !peer.trusted => {
                assert_eq!(
                    is,
                    own.iter().map(Vec::as_slice).collect::<Vec<_>>(),
                    "{name}"
                );
            }
            Some(own) if *name == "x-forwarded-for" => {
                let list = [&*was, &[own.as_slice()]].concat().join(&b", "[..]);
                assert_eq!(is, [list], "{name}");
            }
            _ => assert_eq!(was, is, "{name}"),
        }
    }
    assert!(!forwarded || values(after, "forwarded").len() == 1);
    for name in after
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| is_forwarding(name))
    {
        let is_own =
            own.iter().any(|(known, _)| *known == name) || name == "forwarded" && forwarded;
        assert!(is_own || peer.trusted, "{name} is spoofed");
        assert!(
            is_own || values(before, name) == values(after, name),
            "{name}"
        );
    }
}

fn check_response(fields: &HeaderMap) {
    let mut response = Response::new(Body::from("body"));
    *response.headers_mut() = fields.clone();
    rewrite::sanitise_response(&mut response);
    let after = response.headers().clone();
    let nominated = nominated(fields);
    for name in fields.keys().map(http::HeaderName::as_str) {
        let named = nominated.iter().any(|nominee| nominee == name);
        let kept = PROTECTED.contains(&name) || is_forwarding(name) || !named;
        let kept = kept && !HOP_BY_HOP.contains(&name);
        assert_eq!(
            values(&after, name),
            if kept { values(fields, name) } else { vec![] },
            "{name}"
        );
    }
    assert!(after.keys().all(|name| fields.contains_key(name)));
    rewrite::sanitise_response(&mut response);
    assert_eq!(response.headers(), &after, "not the same twice");
    // Whatever user code wrote, the length that is told is the body's.
    rewrite::settle_response(&mut response, &Method::GET);
    let told = values(response.headers(), "content-length");
    assert!(told.is_empty() && !fields.contains_key("content-length") || told == [b"4"]);
}
