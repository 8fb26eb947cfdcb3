//! How an entry of `hosts` may be written, and what it means.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use dial::{ErrorKind, ModifiableRequest, Resolve, Router, Upstream};
use dial_tests::{Origin, client};
use tokio::net::{TcpListener, TcpStream};

use super::last;
use crate::harness::{Axum, Both, Served};

const NO_HOSTS: [&str; 0] = [];

/// Answers with fixed addresses, and remembers what it was asked for.
#[derive(Clone, Debug)]
struct Fixed {
    addrs: Vec<IpAddr>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fixed {
    fn new(addrs: impl Into<Vec<IpAddr>>) -> Self {
        Self {
            addrs: addrs.into(),
            asked: Arc::default(),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

impl Resolve for Fixed {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked
            .lock()
            .expect("not poisoned")
            .push(name.to_owned());
        Ok(self.addrs.clone())
    }
}

/// A proxy to one host in both homes, with a resolver of its own.
async fn homes(entry: &str, resolver: &Fixed) -> (Served, Axum) {
    let proxy = dial::proxy([entry], unchanged);
    let router = Router::new().at("/{*path}", proxy.clone());
    let served = Served::router(router.resolver(resolver.clone()));
    (served, Axum::proxy(proxy.resolver(resolver.clone())).await)
}

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[tokio::test]
async fn an_entry_is_a_url_or_a_host_with_a_port() {
    let origin = Origin::named("1");
    let port = origin.port();
    let rows = [
        ("URL", format!("http://127.0.0.1:{port}"), "127.0.0.1"),
        (
            "URL with a slash at its end",
            format!("http://127.0.0.1:{port}/"),
            "127.0.0.1",
        ),
        (
            "schemes have no case, RFC 3986 §3.1",
            format!("HTTP://127.0.0.1:{port}"),
            "127.0.0.1",
        ),
        ("address and port", format!("127.0.0.1:{port}"), "127.0.0.1"),
        (
            "URL with a name",
            format!("http://localhost:{port}"),
            "localhost",
        ),
        // `url` would read this as the scheme `localhost`.
        ("name and port", format!("localhost:{port}"), "localhost"),
        (
            "names have no case, RFC 3986 §3.2.2",
            format!("LocalHost:{port}"),
            "localhost",
        ),
    ];
    for (row, entry, host) in rows {
        let both = Both::proxy(dial::proxy([entry], unchanged)).await;
        for (home, addr) in both.homes() {
            let response = client::get(addr, "/x").await;
            assert_eq!(
                (response.status, response.origin()),
                (200, "1"),
                "{row}, {home}"
            );
            let sent = last(&origin);
            let expected = format!("{host}:{port}");
            assert_eq!(sent.headers.get("host"), Some(&*expected), "{row}, {home}");
        }
    }
}

/// RFC 3986 §3.2.2: an IPv6 address stands in brackets.
#[tokio::test]
async fn an_entry_may_be_an_ipv6_address() {
    let origin = Origin::named("1");
    let Some(relay) = relay_from_ipv6(origin.addr()).await else {
        eprintln!("this machine has no IPv6 loopback");
        return;
    };
    let port = relay.port();
    for entry in [format!("[::1]:{port}"), format!("http://[0:0::1]:{port}")] {
        let both = Both::proxy(dial::proxy([&entry], unchanged)).await;
        for (home, addr) in both.homes() {
            let response = client::get(addr, "/x").await;
            assert_eq!(
                (response.status, response.origin()),
                (200, "1"),
                "{entry}, {home}"
            );
            let expected = format!("[::1]:{port}");
            assert_eq!(
                last(&origin).headers.get("host"),
                Some(&*expected),
                "{entry}, {home}"
            );
        }
    }
}

/// International names go out in their ASCII form (RFC 5890 §2.3.2.1), to DNS as well as in Host.
#[tokio::test]
async fn names_go_to_the_resolver_that_was_given() {
    let origin = Origin::named("1");
    let port = origin.port();
    let rows = [
        (format!("bücher.test:{port}"), "xn--bcher-kva.test"),
        (format!("http://BÜCHER.test:{port}"), "xn--bcher-kva.test"),
        (format!("xn--bcher-kva.test:{port}"), "xn--bcher-kva.test"),
        (format!("Backend_1.internal:{port}"), "backend_1.internal"),
    ];
    for (entry, name) in rows {
        let resolver = Fixed::new([Ipv4Addr::LOCALHOST.into()]);
        let (served, axum) = homes(&entry, &resolver).await;
        for addr in [served.addr, axum.addr] {
            let response = client::get(addr, "/x").await;
            assert_eq!((response.status, response.origin()), (200, "1"), "{entry}");
            let expected = format!("{name}:{port}");
            assert_eq!(
                last(&origin).headers.get("host"),
                Some(&*expected),
                "{entry}"
            );
        }
        assert_eq!(resolver.asked(), [name, name], "{entry}");
    }
}

/// A name with several addresses: the first that takes a connection serves the request.
#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    let origin = Origin::named("1");
    let entry = format!("backend.test:{}", origin.port());
    let good: IpAddr = Ipv4Addr::LOCALHOST.into();
    // Nothing listens there: the origin has only its own address.
    let refusing: IpAddr = Ipv4Addr::new(127, 0, 0, 2).into();
    let rows = [
        [good, refusing, refusing],
        [refusing, good, refusing],
        [refusing, refusing, good],
    ];
    for row in rows {
        let (served, axum) = homes(&entry, &Fixed::new(row)).await;
        for addr in [served.addr, axum.addr] {
            let response = client::get(addr, "/x").await;
            assert_eq!((response.status, response.origin()), (200, "1"), "{row:?}");
        }
    }
}

/// A name without an address is a bad gateway (RFC 9110 §15.6.3), and its name stays in the log.
#[tokio::test]
async fn a_name_without_an_address_is_a_bad_gateway() {
    let (served, axum) = homes("backend.test", &Fixed::new([])).await;
    for addr in [served.addr, axum.addr] {
        let response = client::get(addr, "/x").await;
        assert_eq!((response.status, response.text()), (502, "Bad Gateway"));
    }
}

#[test]
fn a_scheme_and_a_port_are_added_where_they_are_missing() {
    let rows = [
        ("backend", "http://backend:80"),
        ("http://backend", "http://backend:80"),
        ("https://backend", "https://backend:443"),
        ("https://backend:8443", "https://backend:8443"),
        ("b3:8080", "http://b3:8080"),
        ("10.0.0.1", "http://10.0.0.1:80"),
        ("[::1]", "http://[::1]:80"),
        ("https://[2001:DB8::1]", "https://[2001:db8::1]:443"),
        ("bücher.test", "http://xn--bcher-kva.test:80"),
    ];
    for (entry, meant) in rows {
        let proxy = dial::proxy([entry], unchanged);
        assert_eq!(proxy.upstream().hosts(), [meant], "{entry}");
    }
}

#[test]
fn a_malformed_entry_is_an_error_that_names_it() {
    let rows = [
        ("", "empty"),
        ("http://", "missing"),
        ("ftp://backend", "scheme"),
        ("backend/path", "path"),
        ("http://backend/path", "path"),
        ("backend?a=1", "path"),
        ("backend#top", "path"),
        ("http://user@backend", "@"),
        ("back end", "' '"),
        ("backend\n", "'\\n'"),
        ("back\\end", "\\"),
        // ✓ `http::Uri` would take this port.
        ("backend:99999", "99999"),
        ("backend:0", "port"),
        ("backend:", "port"),
        ("backend:http", "port"),
        ("::1", "brackets"),
        ("[::1", "]"),
        ("[::g]", "IPv6"),
        ("0x7f.1", "odd"),
        ("%62ackend", "%"),
        // The same endpoint as the first, written in another way.
        ("http://FIRST:80/", "hosts[0]"),
    ];
    for (entry, reason) in rows {
        let error = dial::try_proxy(["first", entry], unchanged).expect_err(entry);
        assert_eq!(error.kind(), ErrorKind::Config, "{entry:?}");
        let text = error.to_string();
        assert!(text.contains("hosts[1]"), "{entry:?}: {text}");
        assert!(text.contains(reason), "{entry:?}: {text}");
    }
}

#[test]
fn a_password_in_an_entry_is_not_repeated() {
    let error =
        dial::try_proxy(["http://user:secret@backend"], unchanged).expect_err("no credentials");
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
}

#[test]
fn an_empty_list_is_an_error() {
    let errors = [
        dial::try_proxy(NO_HOSTS, unchanged).expect_err("no hosts"),
        dial::try_proxy(Vec::<String>::new(), unchanged).expect_err("no hosts"),
        Upstream::new(NO_HOSTS).expect_err("no hosts"),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("empty"), "{error}");
    }
}

/// `dial::proxy` is `#[track_caller]`, like axum's router: the panic is at the line that gave no hosts.
#[test]
fn proxy_panics_at_the_line_that_is_wrong() {
    static PLACES: Mutex<Vec<(String, u32)>> = Mutex::new(Vec::new());
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map(|place| (place.file().to_owned(), place.line()));
        PLACES.lock().expect("not poisoned").extend(place);
        previous(panic);
    }));
    let line = line!() + 1;
    let panic = catch_unwind(AssertUnwindSafe(|| dial::proxy(NO_HOSTS, unchanged)));
    let panic = panic.expect_err("no hosts");
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.contains("empty"), "{text}");
    let here = (file!().to_owned(), line);
    assert!(
        PLACES.lock().expect("not poisoned").contains(&here),
        "{here:?}"
    );
}

/// Passes connections to an IPv6 port on to `to`.
async fn relay_from_ipv6(to: SocketAddr) -> Option<SocketAddr> {
    let listener = TcpListener::bind("[::1]:0").await.ok()?;
    let addr = listener.local_addr().ok()?;
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut to = TcpStream::connect(to).await.expect("the origin listens");
                // Either side may leave at any time.
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    });
    Some(addr)
}
