//! What may be written as a host, and what is said of the rest.

use super::super::{Address, Endpoint, Host, Scheme};
use crate::error::{Error, ErrorKind};

#[test]
fn hosts_are_accepted() {
    let label = "a".repeat(63);
    let longest = format!("{label}.{label}.{label}.{}", &label[..61]);
    for (entry, shown, authority) in [
        ("backend", "http://backend:80", "backend"),
        ("backend:8080", "http://backend:8080", "backend:8080"),
        ("backend:80", "http://backend:80", "backend"),
        ("backend:443", "http://backend:443", "backend:443"),
        ("http://backend", "http://backend:80", "backend"),
        ("http://backend/", "http://backend:80", "backend"),
        ("backend/", "http://backend:80", "backend"),
        ("https://backend", "https://backend:443", "backend"),
        ("https://backend:443/", "https://backend:443", "backend"),
        ("https://backend:80", "https://backend:80", "backend:80"),
        (
            "HTTPS://BackEnd:8443",
            "https://backend:8443",
            "backend:8443",
        ),
        (
            "a-b_c.example.com.",
            "http://a-b_c.example.com.:80",
            "a-b_c.example.com",
        ),
        ("backend:00080", "http://backend:80", "backend"),
        ("backend:65535", "http://backend:65535", "backend:65535"),
        ("b3:1", "http://b3:1", "b3:1"),
        ("http", "http://http:80", "http"),
        ("127.0.0.1:1", "http://127.0.0.1:1", "127.0.0.1:1"),
        ("https://127.0.0.1", "https://127.0.0.1:443", "127.0.0.1"),
        ("[::1]", "http://[::1]:80", "[::1]"),
        ("[::1]:8080", "http://[::1]:8080", "[::1]:8080"),
        (
            "https://[2001:DB8:0:0::1]/",
            "https://[2001:db8::1]:443",
            "[2001:db8::1]",
        ),
        (
            "[::ffff:10.0.0.1]",
            "http://[::ffff:10.0.0.1]:80",
            "[::ffff:10.0.0.1]",
        ),
        (
            "bücher.example",
            "http://xn--bcher-kva.example:80",
            "xn--bcher-kva.example",
        ),
        (
            "https://BÜCHER.example:1",
            "https://xn--bcher-kva.example:1",
            "xn--bcher-kva.example:1",
        ),
        (
            "xn--bcher-kva.example",
            "http://xn--bcher-kva.example:80",
            "xn--bcher-kva.example",
        ),
        ("例え.jp", "http://xn--r8jz45g.jp:80", "xn--r8jz45g.jp"),
        (&longest, &format!("http://{longest}:80"), &longest),
    ] {
        let endpoint = open(entry).unwrap();
        assert_eq!(endpoint.to_string(), shown, "{entry}");
        assert_eq!(endpoint.authority(), authority, "{entry}");
        // What is shown is understood, and means the same.
        assert_eq!(Address::parse(shown).unwrap(), *endpoint.address());
    }
}

#[test]
fn hosts_are_refused_with_a_reason() {
    let label = "a".repeat(63);
    let long_name = [&*label; 4].join(".");
    let long_label = format!("{label}a.example");
    for (entry, reason) in [
        ("", "a host is empty"),
        (" ", "' ' has no place"),
        (" backend", "' ' has no place"),
        ("backend ", "' ' has no place"),
        ("back\tend", "'\\t' has no place"),
        ("http://back\nend", "'\\n' has no place"),
        ("backend\r\n", "'\\r' has no place"),
        ("back\0end", "'\\0' has no place"),
        ("back\u{a0}end", "has no place"),
        ("ftp://backend", "unknown scheme `ftp`"),
        ("ws://backend", "unknown scheme `ws`"),
        ("://backend", "unknown scheme ``"),
        ("http://", "host name is missing"),
        ("http:///", "host name is missing"),
        ("http://:80", "host name is missing"),
        (":80", "host name is missing"),
        ("/", "host name is missing"),
        ("//backend", "has `//backend`"),
        ("http:backend", "`backend` is not a port"),
        ("http:/backend", "has `/backend`"),
        ("http://backend/api", "has `/api`"),
        ("http://backend//", "has `/`"),
        ("backend/api", "has `/api`"),
        ("http://backend?x=1", "has `?x=1`"),
        ("http://backend/?x=1", "has `/?x=1`"),
        ("http://backend#x", "has `#x`"),
        ("http://backend\\x", "has `\\x`"),
        ("http://http://backend", "has `//backend`"),
        ("user@backend", "`@` has no place"),
        ("http://user:password@backend:80", "`@` has no place"),
        ("http://user:pass/password@backend", "`@` has no place"),
        ("http://@backend", "`@` has no place"),
        ("backend:", "`` is not a port"),
        ("backend:0", "`0` is not a port"),
        ("backend:65536", "`65536` is not a port"),
        ("backend:99999999999999999999", "is not a port"),
        ("backend:-1", "`-1` is not a port"),
        ("backend:+80", "`+80` is not a port"),
        ("backend:http", "`http` is not a port"),
        ("backend:8080:8081", "more than one `:`"),
        ("::1", "needs brackets"),
        ("http://2001:db8::1", "needs brackets"),
        ("[::1", "`[` without `]`"),
        ("[::1]8080", "`8080` after `]`"),
        ("[::1]:", "`` is not a port"),
        ("[]", "`` is not an IPv6 address"),
        ("[::g]", "`::g` is not an IPv6 address"),
        ("[127.0.0.1]", "is not an IPv6 address"),
        ("[fe80::1%eth0]", "is not an IPv6 address"),
        ("[backend]", "is not an IPv6 address"),
        ("backend]", "`]` has no place"),
        ("back[end", "`[` has no place"),
        ("*", "`*` has no place"),
        ("*.example.com", "`*` has no place"),
        ("a,b", "`,` has no place"),
        ("http://a;b", "`;` has no place"),
        ("{host}", "`{` has no place"),
        ("${HOST}", "`$` has no place"),
        ("back%65nd", "`%` has no place"),
        ("%31", "`%` has no place"),
        ("127.1", "odd way to write the address 127.0.0.1"),
        ("0x7f.1", "odd way to write the address 127.0.0.1"),
        ("0177.0.0.1", "odd way to write the address 127.0.0.1"),
        ("2130706433", "odd way to write the address 127.0.0.1"),
        ("127.0.0.1.", "odd way to write the address 127.0.0.1"),
        ("１２７.0.0.1", "odd way to write the address 127.0.0.1"),
        ("256.0.0.1", "`256.0.0.1`: "),
        ("1.2.3.4.5", "`1.2.3.4.5`: "),
        ("a.1", "`a.1`: "),
        ("xn--a", "`xn--a`: "),
        ("ex＊ample", "`*` has no place"),
        ("a..b", "empty label"),
        (".backend", "empty label"),
        ("backend..", "empty label"),
        (".", "empty label"),
        (&long_name, "longer than DNS allows"),
        (&long_label, "longer than DNS allows"),
    ] {
        let error = open(entry).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let message = error.to_string();
        assert!(message.contains(reason), "{entry:?}: {message}");
        let named = message.starts_with(&format!("{entry:?}: "));
        assert!(named || entry.contains('@'), "{message}");
        assert!(!message.contains("password"), "{message}");
    }
}

#[test]
fn an_endpoint_says_what_it_is() {
    let endpoint = open("https://[::1]:8443").unwrap();
    assert_eq!(endpoint.scheme(), Scheme::Https);
    assert_eq!(*endpoint.host(), Host::Ip([0, 0, 0, 0, 0, 0, 0, 1].into()));
    assert_eq!(endpoint.host().to_string(), "::1");
    assert_eq!(endpoint.port(), 8443);
    assert!(!endpoint.is_retired());
    endpoint.retire();
    assert!(endpoint.is_retired());
    assert_ne!(endpoint.id(), open("https://[::1]:8443").unwrap().id());
}

fn open(entry: &str) -> Result<Endpoint, Error> {
    Endpoint::new(Address::parse(entry)?, false)
}
