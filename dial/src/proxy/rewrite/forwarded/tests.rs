use http::HeaderMap;

use super::*;
use crate::handler::context::Detached;
use crate::handler::{Incoming, ModifiableRequest, Received};
use crate::route::Params;

fn peer(addr: &str, trusted: bool) -> Peer {
    let addr: SocketAddr = addr.parse().unwrap();
    let network = ipnet::IpNet::from(addr.ip());
    let networks: &[_] = if trusted { &[network] } else { &[] };
    Peer::new(addr, networks.into())
}

fn sent(
    peer: &Peer,
    forwarding: Forwarding,
    client: &[(&'static str, &'static str)],
) -> Vec<String> {
    let host = Some("shop.example:8080");
    let headers = set_for(peer, host, client, (forwarding, false));
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

/// What is sent on for a request with these fields, without its Host.
fn set_for(
    peer: &Peer,
    host: Option<&str>,
    client: &[(&str, &str)],
    (forwarding, real_ip): (Forwarding, bool),
) -> HeaderMap {
    let mut received = Received {
        peer: Arc::new(peer.clone()),
        ..Received::default()
    };
    for (name, value) in client {
        received.fields.read(name.as_bytes(), value.as_bytes());
    }
    if let Some(host) = host {
        received.fields.append(Name::Host, host.as_bytes());
    }
    let context = Arc::new(Detached::default());
    let incoming = Incoming {
        received: Arc::new(received),
        ..Incoming::default()
    };
    let mut request = ModifiableRequest::received(incoming, Params::none(), context);
    let headers = request.headers_mut();
    headers.edit().remove(Name::Host);
    set(headers, forwarding, real_ip);
    headers.map().clone()
}

const SPOOFED: [(&str, &str); 8] = [
    ("accept", "*/*"),
    ("x-forwarded-for", "1.1.1.1"),
    ("x-forwarded-for", "2.2.2.2"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "bank.example"),
    ("x-forwarded-prefix", "/admin"),
    ("x-real-ip", "3.3.3.3"),
    ("forwarded", "for=4.4.4.4"),
];

#[test]
fn nothing_an_untrusted_peer_says_is_believed() {
    assert_eq!(
        sent(
            &peer("192.0.2.1:9", false),
            Forwarding::XForwarded,
            &SPOOFED
        ),
        [
            "accept: */*",
            "x-forwarded-for: 192.0.2.1",
            "x-forwarded-host: shop.example:8080",
            "x-forwarded-proto: http",
        ]
    );
    assert_eq!(
        sent(&peer("192.0.2.1:9", false), Forwarding::Off, &SPOOFED),
        ["accept: */*"]
    );
}

#[test]
fn a_trusted_peer_is_added_to() {
    assert_eq!(
        sent(&peer("192.0.2.1:9", true), Forwarding::Both, &SPOOFED),
        [
            "accept: */*",
            "forwarded: for=4.4.4.4, for=192.0.2.1;proto=http;host=\"shop.example:8080\"",
            "x-forwarded-for: 1.1.1.1, 2.2.2.2, 192.0.2.1",
            "x-forwarded-host: bank.example",
            "x-forwarded-prefix: /admin",
            "x-forwarded-proto: https",
            "x-real-ip: 3.3.3.3",
        ]
    );
}

#[test]
fn ipv6_is_quoted_in_forwarded_and_bare_in_x_forwarded_for() {
    assert_eq!(
        sent(&peer("[2001:db8::1]:9", false), Forwarding::Both, &[]),
        [
            "forwarded: for=\"[2001:db8::1]\";proto=http;host=\"shop.example:8080\"",
            "x-forwarded-for: 2001:db8::1",
            "x-forwarded-host: shop.example:8080",
            "x-forwarded-proto: http",
        ]
    );
}

#[test]
fn an_ipv4_client_of_a_dual_stack_socket_is_ipv4() {
    let lines = sent(
        &peer("[::ffff:192.0.2.1]:9", false),
        Forwarding::XForwarded,
        &[],
    );
    assert!(
        lines.contains(&"x-forwarded-for: 192.0.2.1".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn an_unknown_client_leaves_no_address_and_no_spoofed_one() {
    let lines = sent(&Peer::default(), Forwarding::Both, &SPOOFED);
    assert_eq!(
        lines[1],
        "forwarded: for=unknown;proto=http;host=\"shop.example:8080\""
    );
    assert!(
        !lines.iter().any(|line| line.starts_with("x-forwarded-for")),
        "{lines:?}"
    );
}

#[test]
fn values_are_quoted_so_that_they_read_back_as_sent() {
    let mut out = String::new();
    push_value(&mut out, "a\"b\\c");
    assert_eq!(out, "\"a\\\"b\\\\c\"");
}

/// It would swallow what is added behind it.
#[test]
fn an_open_quote_ends_nothing_of_ours() {
    let rows = [
        ("for=\"a", "for=192.0.2.1;proto=http"),
        ("for=\"a\\\"", "for=192.0.2.1;proto=http"),
        ("for=\"a\\\"\"", "for=\"a\\\"\", for=192.0.2.1;proto=http"),
    ];
    for (said, expected) in rows {
        let peer = peer("192.0.2.1:9", true);
        let said = [("forwarded", said)];
        let headers = set_for(&peer, None, &said, (Forwarding::Rfc7239, false));
        assert_eq!(headers["forwarded"], expected, "{said:?}");
    }
}

/// The farthest one back that is not a trusted proxy; what stands before that may be anybody's invention.
#[test]
fn the_real_ip_is_the_last_that_is_not_trusted() {
    let networks = ["10.0.0.0/8", "192.0.2.0/24"].map(|network| network.parse().unwrap());
    let rows = [
        ("192.0.2.1:9", &[][..], "192.0.2.1"),
        ("192.0.2.1:9", &["203.0.113.7"], "203.0.113.7"),
        (
            "192.0.2.1:9",
            &["6.6.6.6, 203.0.113.7, 10.1.1.1"],
            "203.0.113.7",
        ),
        (
            "192.0.2.1:9",
            &["6.6.6.6", "203.0.113.7:80", "10.1.1.1"],
            "203.0.113.7",
        ),
        ("192.0.2.1:9", &["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        ("192.0.2.1:9", &["6.6.6.6, nonsense, 10.1.1.1"], "10.1.1.1"),
        ("192.0.2.1:9", &["[2001:db8::1]:80"], "2001:db8::1"),
        ("203.0.113.9:9", &["6.6.6.6"], "203.0.113.9"),
    ];
    for (peer, said, expected) in rows {
        let said: Vec<_> = said.iter().map(|line| ("x-forwarded-for", *line)).collect();
        let peer = Peer::new(peer.parse().unwrap(), networks.into());
        let headers = set_for(&peer, None, &said, (Forwarding::Off, true));
        assert_eq!(headers["x-real-ip"], expected, "{said:?}");
    }
}
