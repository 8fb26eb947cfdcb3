//! Max-Forwards (RFC 9110 §7.6.2): counted down for TRACE and OPTIONS, and the end of the way at zero.

use dial::ModifiableRequest;
use dial_tests::{Origin, client};

use super::row::{GOT, Row, check, row};
use crate::harness::Served;

const SECTION: &str = "9110 §7.6.2";

fn request(method: &str, fields: &str) -> Row {
    let request = format!("{method} /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    row(SECTION, format!("{method} {fields:?}"), request)
}

fn got(method: &str, fields: &str) -> String {
    format!("{method} /x HTTP/1.1\r\n{fields}\r\n")
}

#[tokio::test]
async fn counted_down() {
    let mut rows = Vec::new();
    for method in ["TRACE", "OPTIONS"] {
        rows.push(request(method, "").forwards(got(method, "")));
        for (value, less) in [
            ("1", "0"),
            ("2", "1"),
            ("10", "9"),
            ("70", "69"),
            ("010", "9"),
            ("1000", "999"),
            ("65536", "65535"),
        ] {
            let passed = format!("max-forwards: {less}\r\n");
            rows.push(
                request(method, &format!("Max-Forwards: {value}\r\n"))
                    .forwards(got(method, &passed)),
            );
        }
        let named = "Connection: Max-Forwards\r\nMax-Forwards: 5\r\n";
        rows.push(request(method, named).forwards(got(method, "max-forwards: 4\r\n")));
    }
    let whole = "OPTIONS * HTTP/1.1\r\n";
    rows.push(
        row(
            SECTION,
            "OPTIONS *",
            format!("{whole}Host: a\r\nMax-Forwards: 5\r\n\r\n"),
        )
        .forwards(format!("{whole}max-forwards: 4\r\n\r\n")),
    );
    check(rows).await;
}

/// What cannot be counted down is no reason to forward without an end.
#[tokio::test]
async fn not_a_number() {
    let values = [
        "x",
        "",
        "-1",
        "+1",
        "1.5",
        "0x1",
        "1 2",
        "1,2",
        "1, 1",
        "1;2",
        "\u{661}",
        "1\r\nMax-Forwards: 1",
        "0\r\nMax-Forwards: 9",
    ];
    let mut rows = Vec::new();
    for method in ["TRACE", "OPTIONS"] {
        rows.extend(
            values
                .iter()
                .map(|value| request(method, &format!("Max-Forwards: {value}\r\n")).fails(400)),
        );
    }
    check(rows).await;
}

/// Other methods do not count (RFC 9110 §7.6.2).
#[tokio::test]
async fn other_methods() {
    let mut rows = Vec::new();
    for method in ["GET", "DELETE", "PROPFIND", "options", "trace"] {
        for value in ["0", "1", "x", "-1"] {
            let passed = format!("max-forwards: {value}\r\n");
            rows.push(
                request(method, &format!("Max-Forwards: {value}\r\n"))
                    .forwards(got(method, &passed))
                    .gets(GOT),
            );
        }
    }
    check(rows).await;
}

/// dial answers itself: OPTIONS with what may be asked, TRACE with what came, less what is secret (RFC 9110 §9.3.7,
/// §9.3.8).
#[tokio::test]
async fn zero() {
    let origin = Origin::named("1");
    let served = Served::proxy(dial::proxy([origin.url()], |request: ModifiableRequest| {
        request
    }));
    for zero in ["0", "00", "000"] {
        let options = format!("OPTIONS /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: {zero}\r\n\r\n");
        let response = client::request(served.addr, options).await;
        assert_eq!(response.status, 204, "{zero}");
        assert!(response.headers.contains("allow"), "{zero}");
        let whole = format!("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: {zero}\r\n\r\n");
        let response = client::request(served.addr, whole).await;
        assert_eq!(response.status, 204, "{zero}");
        let trace = format!(
            "TRACE /x?y HTTP/1.1\r\nHost: a\r\nMax-Forwards: {zero}\r\nX-A: 1\r\nAuthorization: secret\r\n\
             Cookie: secret\r\nProxy-Authorization: secret\r\n\r\n"
        );
        let response = client::request(served.addr, trace).await;
        assert_eq!(
            (response.status, response.headers.get("content-type")),
            (200, Some("message/http"))
        );
        let text = response.text();
        assert!(text.starts_with("TRACE /x?y HTTP/1.1\r\n"), "{text}");
        assert!(text.to_ascii_lowercase().contains("x-a: 1\r\n"), "{text}");
        assert!(!text.contains("secret"), "{text}");
        assert!(!response.headers.contains("via"));
    }
    assert_eq!(origin.connections(), 0);
}
