//! Fields of one connection, and those that `Connection` names, do not reach the origin (RFC 9110 §7.6.1, §11.7).

use dial::ModifiableRequest;
use dial_tests::{Origin, client};

use super::{arrived, expected, unchanged};
use crate::harness::Both;

struct Row {
    name: &'static str,
    /// Field lines as the client sends them.
    sent: &'static [u8],
    /// All that arrives, beside what dial sets.
    arrives: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        name: "fields of the connection that nobody names, §7.6.1",
        sent: b"Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nUpgrade: websocket\r\nX-A: 1\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "credentials for a proxy, §11.7",
        sent: b"Proxy-Authorization: Basic eDp5\r\nProxy-Authenticate: Basic\r\nAuthorization: Basic eDp5\r\n",
        arrives: &[("authorization", "Basic eDp5")],
    },
    Row {
        name: "Connection itself",
        sent: b"Connection: keep-alive\r\nX-A: 1\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "a field that Connection names, in any case",
        sent: b"cOnNeCtIoN: X-SECRET\r\nx-secret: 1\r\nX-A: 1\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "every line of a field that Connection names",
        sent: b"X-Secret: 1\r\nX-A: 1\r\nX-Secret: 2\r\nConnection: X-Secret\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "several names in one line, with empty members and white space, §5.6.1",
        sent: b"Connection: , X-B\t,,\tX-C , close,\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "several Connection lines, §5.3",
        sent: b"Connection: X-B\r\nX-A: 1\r\nX-B: 2\r\nConnection: X-C\r\nX-C: 3\r\nConnection: keep-alive\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "bytes that are no text do not save the other names",
        sent: b"Connection: \xff\xfe, X-B, \xc3\x28\r\nConnection: X-C, \x80\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "what is no name names nothing",
        sent: b"Connection: \"X-A\", X-A;q=1, X-A X-A, (X-A), X-A:\r\nX-A: 1\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "names of fields that are not there",
        sent: b"Connection: X-Absent, Keep-Alive\r\nX-A: 1\r\n",
        arrives: &[("x-a", "1")],
    },
    Row {
        name: "credentials and cookies cannot be deleted by naming them",
        sent: b"Connection: Authorization, Cookie\r\nAuthorization: Bearer x\r\nCookie: a=1\r\n",
        arrives: &[("authorization", "Bearer x"), ("cookie", "a=1")],
    },
    Row {
        name: "nor can what dial sets: see also the values in `forwarding`",
        sent: b"Connection: Host, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Forwarded, X-Real-IP\r\n",
        arrives: &[],
    },
];

#[tokio::test]
async fn nothing_of_the_connection_reaches_the_origin() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], unchanged)).await;
    for (home, addr) in both.homes() {
        for row in ROWS {
            let raw = [b"GET /x HTTP/1.1\r\nHost: shop.test\r\n", row.sent, b"\r\n"].concat();
            let response = client::request(addr, raw).await;
            assert_eq!(response.status, 200, "{}, {home}", row.name);
            assert_eq!(
                arrived(&origin),
                expected(row.arrives),
                "{}, {home}",
                row.name
            );
            let sent = origin.requests().pop().expect("a request").headers;
            let identity = [
                "host",
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-proto",
            ];
            for name in identity {
                assert_eq!(sent.all(name).len(), 1, "{name}: {}, {home}", row.name);
            }
        }
    }
    // Clients that close do not close the connections to the origin: two workers and axum need one each.
    assert!(
        origin.connections() <= 3,
        "{} connections",
        origin.connections()
    );
}

/// `Content-Length` and `Transfer-Encoding` frame the body: no `Connection` takes that away (RFC 9112 §6.3).
#[tokio::test]
async fn naming_the_framing_does_not_remove_it() {
    let rows = [
        (
            "Connection: Content-Length\r\nContent-Length: 5\r\n\r\nhello",
            "content-length",
            "5",
        ),
        (
            "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            "transfer-encoding",
            "chunked",
        ),
    ];
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], unchanged)).await;
    for (home, addr) in both.homes() {
        for (rest, name, value) in rows {
            let response =
                client::request(addr, format!("POST /x HTTP/1.1\r\nHost: a\r\n{rest}")).await;
            assert_eq!(response.status, 200, "{name}, {home}");
            let sent = origin.requests().pop().expect("a request");
            assert_eq!(sent.body, b"hello", "{name}, {home}");
            assert_eq!(arrived(&origin), expected(&[(name, value)]), "{home}");
        }
    }
}

/// Fields are removed before the handler runs, so a client cannot name what the handler adds.
#[tokio::test]
async fn what_the_handler_adds_cannot_be_named() {
    let origin = Origin::named("1");
    let handler = |request: &mut ModifiableRequest| {
        assert_eq!(
            request.header("x-auth"),
            None,
            "gone before the handler runs"
        );
        request
            .set_header("X-Auth", "internal")
            .set_header("X-Other", "internal");
    };
    let both = Both::proxy(dial::proxy([origin.url()], handler)).await;
    for (home, addr) in both.homes() {
        let raw =
            "GET /x HTTP/1.1\r\nHost: a\r\nConnection: X-Auth, X-Other\r\nX-Auth: spoofed\r\n\r\n";
        assert_eq!(client::request(addr, raw).await.status, 200, "{home}");
        let internal = expected(&[("x-auth", "internal"), ("x-other", "internal")]);
        assert_eq!(arrived(&origin), internal, "{home}");
    }
}

/// The version on the way out is dial's own, and so is the lifetime of the connection (RFC 9112 §2.3, §9.3).
#[tokio::test]
async fn an_old_client_does_not_age_the_request() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], unchanged)).await;
    for (home, addr) in both.homes() {
        for connection in ["", "Connection: close\r\n", "Connection: keep-alive\r\n"] {
            let raw = format!("GET /x HTTP/1.0\r\nHost: a\r\n{connection}\r\n");
            assert_eq!(
                client::request(addr, raw).await.status,
                200,
                "{connection}, {home}"
            );
            let sent = origin.requests().pop().expect("a request");
            assert_eq!(sent.version, "HTTP/1.1", "{connection}, {home}");
            assert_eq!(arrived(&origin), [], "{connection}, {home}");
        }
    }
}
