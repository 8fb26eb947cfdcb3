//! What is taken out of a message between two connections, and what is put in.
//!
//! ```text
//! tx 192.0.2.1:9
//! Connection: X-A, close
//! X-A: 1
//! ```
//! Letters, the peer's address, fields. `t` trusts the peer, `s` is https; `x`, `f` or `b` choose the forwarding fields, `r`
//! adds X-Real-IP, `v` Via, `u` lets clients upgrade.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::{HOST, HeaderMap, HeaderValue};
use http::{HeaderName, Method};
use ipnet::IpNet;

use super::input::{self, values};
use crate::body::Body;
use crate::config::{Forwarding, HostHeader, Timeouts, Via};
use crate::fields::{Fields, takes_trailers};
use crate::handler::context::{Detached, Peer, States};
use crate::handler::shapes::erase;
use crate::handler::{Answer, Hop, Incoming, ModifiableRequest, Received};
use crate::proxy::{RouteSpec, allow, rewrite};
use crate::route::Params;

/// RFC 9110 §7.6.1, §11.7, RFC 7540 §3.2.1, and what older agents send.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];
/// What `Connection` cannot delete.
const PROTECTED: [&str; 9] = [
    "authorization",
    "content-length",
    "cookie",
    "expect",
    "host",
    "max-forwards",
    "set-cookie",
    "trailer",
    "via",
];

/// Any bytes, as text of the form above.
pub fn sanitise(data: &[u8]) {
    let case = Case::read(data);
    let sent = case.sanitised(&case.fields);
    check_removed(&case, &sent);
    check_forwarding(&case, &sent);
    if !case.peer.trusted && case.route.via.is_none() {
        let mut again = sent.clone();
        again.extend(case.fields.get(HOST).map(|host| (HOST, host.clone())));
        assert_eq!(case.sanitised(&again), sent, "not the same twice");
    }
    check_response(&case);
}

/// A request's fields, who sent them, and what the route says of them.
pub(super) struct Case {
    pub(super) peer: Arc<Peer>,
    pub(super) route: RouteSpec,
    pub(super) fields: HeaderMap,
}

impl Case {
    pub(super) fn read(data: &[u8]) -> Self {
        let (first, rest) = input::line(data);
        let first = String::from_utf8_lossy(first);
        let (letters, addr) = first.split_once(' ').unwrap_or((&first, ""));
        let has = |letter: char| letters.contains(letter);
        let addr = addr.trim().parse::<SocketAddr>().ok();
        let own = addr.map(|addr| IpNet::from(addr.ip().to_canonical()));
        let inner = "10.0.0.0/8".parse().ok();
        let networks = own.into_iter().chain(inner).filter(|_| has('t')).collect();
        let mut peer = match addr {
            Some(addr) => Peer::new(addr, networks),
            None => Peer {
                trusted: has('t'),
                networks,
                ..Peer::default()
            },
        };
        peer.https = has('s');
        let forwarding = match () {
            () if has('b') => Forwarding::Both,
            () if has('f') => Forwarding::Rfc7239,
            () if has('x') => Forwarding::XForwarded,
            () => Forwarding::Off,
        };
        let via = Via::named("fuzz").ok().and_then(|via| via.pseudonym());
        let mut route = route(forwarding);
        route.via = via.filter(|_| has('v'));
        route.real_ip = has('r');
        route.upgrade = has('u');
        Self {
            peer: Arc::new(peer),
            route,
            fields: input::fields(rest),
        }
    }

    /// The fields of a request after `sanitise`. The client's own can still be told.
    pub(super) fn sanitised(&self, fields: &HeaderMap) -> HeaderMap {
        let host = fields.get(HOST).cloned();
        let received = Received {
            fields: Fields::from(fields),
            peer: Arc::clone(&self.peer),
            ..Received::default()
        };
        let trailers = takes_trailers(&received.fields);
        let hop = Hop {
            can_tunnel: true,
            ..Hop::default()
        };
        let incoming = Incoming {
            received: Arc::new(received),
            body: Body::empty(),
            hop,
        };
        let context = Arc::new(Detached::default());
        let mut request = ModifiableRequest::received(incoming, Params::none(), context);
        rewrite::sanitise(&mut request, &self.route);
        let told = host.as_ref().and_then(|host| host.to_str().ok());
        assert_eq!(request.host(), told);
        check_asked(&mut request, fields, self.route.upgrade, trailers);
        assert_eq!(request.inbound().headers(), *fields, "the original is lost");
        request.headers().clone()
    }
}

fn route(forwarding: Forwarding) -> RouteSpec {
    RouteSpec {
        name: "fuzz".to_owned(),
        handler: erase(Arc::new(|request: ModifiableRequest| request)),
        upstream: crate::Upstream::new(["a"]).expect("an upstream"),
        host_header: HostHeader::default(),
        forwarding,
        real_ip: false,
        via: None,
        upgrade: false,
        connect: false,
        allow: allow(&[]),
        proxy_protocol: None,
        timeouts: Timeouts::default(),
        retries: None,
        body_limit: None,
        rate: None,
        concurrency: None,
        on_response: None,
        on_error: None,
        proxy_status: false,
        states: States::default(),
    }
}

/// What is kept aside of the hop-by-hop fields is what the client asked for, and no way around this proxy.
fn check_asked(
    request: &mut ModifiableRequest,
    fields: &HeaderMap,
    upgrades: bool,
    trailers: bool,
) {
    let hop = request.hop_mut();
    let te = members(fields, "te");
    assert_eq!(te.iter().any(|coding| coding == "trailers"), trailers);
    let Some(asked) = &hop.upgrade else { return };
    assert!(upgrades && members(fields, "connection").contains(&"upgrade".to_owned()));
    let listed = members(fields, "upgrade");
    let asked = String::from_utf8_lossy(asked.as_bytes()).to_ascii_lowercase();
    for protocol in asked.split(", ") {
        assert!(listed.iter().any(|listed| listed == protocol), "{protocol}");
        let name = protocol.split('/').next();
        let around = ["h2c", "h2", "http", "tls"]
            .iter()
            .any(|one| Some(*one) == name);
        assert!(!around && !protocol.is_empty(), "{protocol}");
    }
}

/// The members of a list over all its lines, in lower case.
fn members(fields: &HeaderMap, name: &str) -> Vec<String> {
    let lines = values(fields, name);
    let tokens = lines
        .iter()
        .flat_map(|line| line.split(|byte| *byte == b','));
    let text = tokens.map(|token| String::from_utf8_lossy(token).into_owned());
    text.map(|token| token.trim_matches([' ', '\t']).to_ascii_lowercase())
        .collect()
}

fn is_forwarding(name: &str) -> bool {
    ["forwarded", "x-real-ip", "x-forwarded"].contains(&name) || name.starts_with("x-forwarded-")
}

/// Whether dial alone writes it.
fn is_own(name: &str) -> bool {
    let framing = ["host", "content-length", "trailer"];
    is_forwarding(name) || HOP_BY_HOP.contains(&name) || framing.contains(&name)
}

fn check_removed(case: &Case, after: &HeaderMap) {
    let before = &case.fields;
    for name in HOP_BY_HOP {
        assert!(!after.contains_key(name), "{name} is left");
    }
    assert!(!after.contains_key(HOST), "Host is left");
    let nominated = members(before, "connection");
    for name in before.keys().map(HeaderName::as_str) {
        let named = nominated.iter().any(|nominee| nominee == name);
        let hop = HOP_BY_HOP.contains(&name) || named && !PROTECTED.contains(&name);
        let plain = name.replace('_', "-");
        if plain != name && is_own(&plain) {
            assert!(!after.contains_key(name), "{name} passes for {plain}");
        } else if is_forwarding(name) {
            assert!(
                !case.peer.trusted || after.contains_key(name),
                "{name} is deleted"
            );
        } else if hop || name == "host" {
            assert!(!after.contains_key(name), "{name} is left");
        } else if name != "via" {
            assert_eq!(values(before, name), values(after, name), "{name}");
        }
    }
    check_via(case, after);
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        assert!(
            is_forwarding(name.as_str()) || name == "via",
            "{name} from nowhere"
        );
    }
}

/// One line more, behind those there were.
fn check_via(case: &Case, after: &HeaderMap) {
    let mut expected = values(&case.fields, "via");
    expected.extend(case.route.via.is_some().then_some(&b"1.1 fuzz"[..]));
    assert_eq!(values(after, "via"), expected);
}

/// What an untrusted peer says is gone; what a trusted one says is added to.
fn check_forwarding(case: &Case, after: &HeaderMap) {
    let (before, peer) = (&case.fields, &case.peer);
    let x_forwarded = matches!(
        case.route.forwarding,
        Forwarding::XForwarded | Forwarding::Both
    );
    let forwarded = matches!(
        case.route.forwarding,
        Forwarding::Rfc7239 | Forwarding::Both
    );
    let address = peer.addr.map(|addr| addr.ip().to_canonical().to_string());
    let scheme = if peer.https { "https" } else { "http" };
    let host = before.get(HOST).map(|host| host.as_bytes().to_vec());
    let real_ip = farthest(case).map(|ip| ip.to_string().into_bytes());
    let own = [
        (
            "x-forwarded-for",
            address.map(String::into_bytes).filter(|_| x_forwarded),
        ),
        ("x-forwarded-proto", x_forwarded.then(|| scheme.into())),
        ("x-forwarded-host", host.filter(|_| x_forwarded)),
        ("x-real-ip", real_ip.filter(|_| case.route.real_ip)),
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
        .map(HeaderName::as_str)
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

/// The client as far as it can be believed: the last in the list whom nobody trusts.
fn farthest(case: &Case) -> Option<IpAddr> {
    let own = case.peer.addr.map(|addr| addr.ip().to_canonical());
    if !case.peer.trusted {
        return own;
    }
    let mut client = own;
    for member in members(&case.fields, "x-forwarded-for").iter().rev() {
        let addr = || member.parse().map(|addr: SocketAddr| addr.ip());
        let Ok(ip) = member.parse().or_else(|_| addr()) else {
            break;
        };
        let ip = ip.to_canonical();
        client = Some(ip);
        let trusts = |network: &IpNet| network.contains(&ip);
        if !case.peer.networks.iter().any(trusts) {
            break;
        }
    }
    client
}

fn check_response(case: &Case) {
    let fields = &case.fields;
    let mut answer = Answer {
        fields: Fields::from(fields),
        body: Body::from("body"),
        ..Answer::default()
    };
    rewrite::sanitise_response(&mut answer, &case.route);
    let after = answer.fields.to_map();
    let nominated = members(fields, "connection");
    for name in fields
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| *name != "via")
    {
        let named = nominated.iter().any(|nominee| nominee == name);
        let kept = PROTECTED.contains(&name) || is_forwarding(name) || !named;
        let kept = kept && !HOP_BY_HOP.contains(&name);
        let expected = if kept { values(fields, name) } else { vec![] };
        assert_eq!(values(&after, name), expected, "{name}");
    }
    check_via(case, &after);
    assert!(
        after
            .keys()
            .all(|name| fields.contains_key(name) || name == "via")
    );
    // Whatever user code wrote, the length that is told is the body's.
    rewrite::settle_response(&mut answer, &Method::GET);
    let mut settled = answer.fields.to_map();
    let told = settled.remove("content-length");
    assert_eq!(
        told,
        fields.get("content-length").map(|_| HeaderValue::from(4))
    );
    let mut rest = after;
    rest.remove("content-length");
    assert_eq!(settled, rest, "not the same twice");
}
