//! Targets that name no path (RFC 9112 §3.2.3, §3.2.4): the server as a whole for OPTIONS, an authority for CONNECT.

use dial::ModifiableRequest;
use dial_tests::{Origin, client};

use super::row::{check, row};
use crate::harness::Served;

#[tokio::test]
async fn options() {
    let whole = "OPTIONS * HTTP/1.1\r\n";
    let rows = vec![
        row(
            "9112 §3.2.4",
            "asterisk",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards(format!("{whole}\r\n")),
        row(
            "9112 §3.2.4",
            "with a body",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        )
        .forwards(format!("{whole}content-length: 5\r\n\r\nhello")),
        row(
            "9112 §3.2.4",
            "HTTP/1.0",
            "OPTIONS * HTTP/1.0\r\nHost: a\r\n\r\n",
        )
        .forwards(format!("{whole}\r\n"))
        .gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        .closes(),
        row(
            "9112 §3.2.4",
            "absolute, without a path",
            "OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards(format!("{whole}x-forwarded-host: b\r\n\r\n")),
        row(
            "9112 §3.2.4",
            "absolute, with a port",
            "OPTIONS http://b:8001 HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards(format!("{whole}x-forwarded-host: b:8001\r\n\r\n")),
        row(
            "9112 §3.2.4",
            "absolute, with a path",
            "OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards("OPTIONS / HTTP/1.1\r\nx-forwarded-host: b\r\n\r\n"),
        row(
            "9112 §3.2.4",
            "absolute, with a query",
            "OPTIONS http://b?x HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards("OPTIONS /?x HTTP/1.1\r\nx-forwarded-host: b\r\n\r\n"),
        row(
            "9112 §3.2.4",
            "a path",
            "OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards("OPTIONS / HTTP/1.1\r\n\r\n"),
        row(
            "9112 §3.2.4",
            "a path with an asterisk",
            "OPTIONS /* HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .forwards("OPTIONS /* HTTP/1.1\r\n\r\n"),
    ];
    check(rows).await;
}

/// No tunnel to anywhere, unless a route is for that (RFC 9110 §9.3.6, §15.5.6).
#[tokio::test]
async fn connect() {
    let origin = Origin::named("1");
    let served = Served::proxy(dial::proxy([origin.url()], |request: ModifiableRequest| {
        request
    }));
    for target in [
        "b:443",
        "127.0.0.1:22",
        "[::1]:25",
        "169.254.169.254:80",
        &origin.addr().to_string(),
    ] {
        for host in ["a", target] {
            let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let response = client::request(served.addr, request).await;
            assert_eq!(response.status, 405, "{target}");
            assert!(response.headers.contains("allow"), "{target}");
        }
    }
    assert_eq!(origin.connections(), 0);
    let rows = [":443", "b%zz:443", "u:p@b:443"].map(|target| {
        row(
            "9112 §3.2.3",
            target,
            format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
        )
        .refused(400)
    });
    check(rows.to_vec()).await;
}
