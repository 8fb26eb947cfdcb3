//! Which Host an origin is sent (RFC 9110 §7.2), and where the client's goes.

use dial::{HostHeader, ModifiableRequest, ProxyService};
use dial_tests::{ClosedPort, Origin, client};

use super::last;
use crate::harness::Both;

/// Does with Host what the client wrote into `X-Do`.
fn handler(request: &mut ModifiableRequest) {
    match request.header("x-do") {
        Some("set") => request.set_header("Host", "set.test:81"),
        Some("add twice") => request
            .add_header("Host", "first.test")
            .add_header("Host", "second.test"),
        Some("remove") => request.remove_header("Host"),
        Some("set and remove") => request.set_header("Host", "set.test").remove_header("Host"),
        Some("copy") => {
            let host = request.host().unwrap_or("none").to_owned();
            request.set_header("X-Copy", host)
        }
        _ => request,
    };
}

/// The client's request, what it asks the handler for, and the two fields that arrive; `None` in the place of Host
/// stands for the endpoint's own.
struct Row {
    name: &'static str,
    head: &'static str,
    host: Option<&'static str>,
    forwarded: Option<&'static str>,
}

const ORDINARY: &str = "GET /x HTTP/1.1\r\nHost: Shop.test:8080\r\n";

async fn check(origin: &Origin, proxy: ProxyService, rows: &[Row]) {
    let own = origin.addr().to_string();
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        for row in rows {
            let response = client::request(addr, format!("{}\r\n", row.head)).await;
            assert_eq!(response.status, 200, "{}, {home}", row.name);
            let headers = last(origin).headers;
            assert_eq!(
                headers.all("host"),
                [row.host.unwrap_or(&own)],
                "{}, {home}",
                row.name
            );
            assert_eq!(
                headers.get("x-forwarded-host"),
                row.forwarded,
                "{}, {home}",
                row.name
            );
        }
    }
}

#[tokio::test]
async fn the_endpoint_is_sent_its_own_host() {
    let origin = Origin::named("1");
    let rows = [
        Row {
            name: "the client's goes into X-Forwarded-Host",
            head: ORDINARY,
            host: None,
            forwarded: Some("Shop.test:8080"),
        },
        Row {
            name: "an absolute-form target overrides Host, RFC 9112 §3.2.2",
            head: "GET http://target.test/x HTTP/1.1\r\nHost: shop.test\r\n",
            host: None,
            forwarded: Some("target.test"),
        },
        Row {
            name: "HTTP/1.0 without Host",
            head: "GET /x HTTP/1.0\r\n",
            host: None,
            forwarded: None,
        },
        Row {
            name: "set by the handler",
            head: "GET /x HTTP/1.1\r\nHost: shop.test\r\nX-Do: set\r\n",
            host: Some("set.test:81"),
            forwarded: Some("shop.test"),
        },
        Row {
            name: "there is one Host, whatever the handler adds",
            head: "GET /x HTTP/1.1\r\nHost: shop.test\r\nX-Do: add twice\r\n",
            host: Some("first.test"),
            forwarded: Some("shop.test"),
        },
        Row {
            name: "a request has a Host, whatever the handler removes",
            head: "GET /x HTTP/1.1\r\nHost: shop.test\r\nX-Do: remove\r\n",
            host: None,
            forwarded: Some("shop.test"),
        },
        Row {
            name: "removed after it was set",
            head: "GET /x HTTP/1.1\r\nHost: shop.test\r\nX-Do: set and remove\r\n",
            host: None,
            forwarded: Some("shop.test"),
        },
    ];
    check(&origin, dial::proxy([origin.url()], handler), &rows).await;
}

#[tokio::test]
async fn the_clients_host_can_be_preserved() {
    let origin = Origin::named("1");
    let rows = [
        Row {
            name: "as it was sent",
            head: ORDINARY,
            host: Some("Shop.test:8080"),
            forwarded: Some("Shop.test:8080"),
        },
        Row {
            name: "an absolute-form target overrides Host, RFC 9112 §3.2.2",
            head: "GET http://target.test/x HTTP/1.1\r\nHost: shop.test\r\n",
            host: Some("target.test"),
            forwarded: Some("target.test"),
        },
        Row {
            name: "HTTP/1.0 without Host: there is none to preserve",
            head: "GET /x HTTP/1.0\r\n",
            host: None,
            forwarded: None,
        },
        Row {
            name: "set by the handler",
            head: "GET /x HTTP/1.1\r\nHost: shop.test\r\nX-Do: set\r\n",
            host: Some("set.test:81"),
            forwarded: Some("shop.test"),
        },
    ];
    let proxy = dial::proxy([origin.url()], handler).host_header(HostHeader::Preserve);
    check(&origin, proxy, &rows).await;
}

#[tokio::test]
async fn the_handler_can_ask_for_the_clients_host() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], handler)).await;
    for (home, addr) in both.homes() {
        client::request(addr, format!("{ORDINARY}X-Do: copy\r\n\r\n")).await;
        assert_eq!(
            last(&origin).headers.get("x-copy"),
            Some("Shop.test:8080"),
            "{home}"
        );
    }
}

/// A request that is tried elsewhere is sent the Host of where it ends up.
#[tokio::test]
async fn the_next_endpoint_is_sent_its_own_host() {
    let (refusing, origin) = (ClosedPort::new(), Origin::named("1"));
    let hosts = [
        refusing.addr().to_string(),
        format!("localhost:{}", origin.port()),
    ];
    let both = Both::proxy(dial::proxy(hosts, handler)).await;
    for (home, addr) in both.homes() {
        for _ in 0..2 {
            let response = client::request(addr, format!("{ORDINARY}\r\n")).await;
            assert_eq!(response.status, 200, "{home}");
            let expected = format!("localhost:{}", origin.port());
            assert_eq!(
                last(&origin).headers.get("host"),
                Some(&*expected),
                "{home}"
            );
        }
    }
}
