//! Request targets (RFC 9112 §3.2): each form where it belongs, and paths and queries byte for byte.

use super::post;
use super::row::{check, row};

/// What an untouched path looks like at the origin: as it came.
#[tokio::test]
async fn byte_for_byte() {
    let targets = [
        "/",
        "//",
        "///",
        "//x",
        "/x//y",
        "/x/",
        "/x//",
        "/./x",
        "/../x",
        "/x/..",
        "/x/../y",
        "/x/./y",
        "/..",
        "/.",
        "/...",
        "/%2e%2e/x",
        "/%2E%2e/x",
        "/x%2f..%2fy",
        "/x%2Fy",
        "/x%5cy",
        "/..;/x",
        "/x;/..;/y",
        "/x;a=b",
        "/x;a=b/y;c",
        "/;",
        "/x\\y",
        "/x\\..\\y",
        "/\\x",
        "/\\/x",
        "/\\\\evil.test/x",
        "//evil.test/x",
        "//evil.test:80@b/x",
        "/x%00y",
        "/%",
        "/%zz",
        "/%4",
        "/%%",
        "/%25%32%66",
        "/%41",
        "/%c3%a4",
        "/%ff",
        "/+",
        "/x+y",
        "/a:b",
        "/:80",
        "/@x",
        "/x@y",
        "/~a",
        "/x!$&'()*,=",
        "/x|y",
        "/x[y]",
        "/{x}",
        "/x^y",
        "/x\"y",
        "/http://b/x",
        "/http:/x",
        "/*",
        "/x?",
        "/?",
        "/??",
        "/x??y",
        "/x?a",
        "/x?a=",
        "/x?=",
        "/x?=a",
        "/x?&",
        "/x?a=1&a=2",
        "/x?a=1&&b=2",
        "/x?a=1;b=2",
        "/x?a[]=1",
        "/x?a=%20+b",
        "/x?a=%zz",
        "/x?a=%",
        "/x?a=%00",
        "/x?a=/../b",
        "/x?a=//b",
        "/x?a=\\b",
        "/x?url=http://b/?c=d",
        "/x?a=b?c=d",
        "/x?a={b}",
        "/x?a=b|c",
        "/x?a=`b`",
        "/x?a=b^c",
        "/x?/",
        "/x?:",
        "/x?@",
        "/x?__proto__=1",
        "/x?a=%E2%82",
        "/x?%61=1",
    ];
    let rows = targets.map(|target| {
        row(
            "9112 §3.2.1",
            target,
            format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
        )
        .forwards(format!("GET {target} HTTP/1.1\r\n\r\n"))
    });
    check(rows.to_vec()).await;
}

/// Not even a trusted library decodes, joins or sorts on the way: long ones neither.
#[tokio::test]
async fn long_ones() {
    let targets = [
        format!("/{}", "x".repeat(8 << 10)),
        format!("/{}", "x/".repeat(2 << 10)),
        format!("/{}", "%2f".repeat(2 << 10)),
        format!("/x?{}", "a=b&".repeat(2 << 10)),
        format!("/x?{}", "?".repeat(8 << 10)),
    ];
    let rows = targets.map(|target| {
        let name = &target[..6];
        row(
            "9112 §3",
            name,
            format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
        )
        .forwards(format!("GET {target} HTTP/1.1\r\n\r\n"))
    });
    check(rows.to_vec()).await;
}

#[tokio::test]
async fn of_no_form() {
    let targets = [
        "/x`y",
        "/<x>",
        "/x?a=\"b\"",
        "/x?a=<b>",
        "x",
        "x/y",
        "?",
        "?a=b",
        "#",
        "/x#y",
        "/#",
        "/x?a#b",
        "a:80",
        "a",
        "*",
        "**",
        "*/x",
        ".",
        "..",
        "../x",
        "./x",
        "\\x",
        "\\\\b\\x",
        ":80",
        "@b",
        "user@b",
        "http:",
        "http:/",
        "http:/x",
        "http://",
        "http:///x",
        "http://?x",
        "://b/x",
        "//",
        "ftp://b/x",
        "file:///etc/passwd",
        "javascript:x",
        "gopher://b/x",
        "ws://b/x",
        "HTTPX://b/x",
        "urn:x",
        "http://u@b/x",
        "http://u:p@b/x",
        "http://@b/x",
        "http://b@/x",
        "http://b/x#y",
        "http://b:99999/x",
        "http://b:x/x",
        "http://b:-1/x",
        "http://[::1/x",
        "http://::1/x",
        "http://b,c/x",
        "http://b%zz/x",
        "http://:80/x",
        "http://b\\c/x",
        "http://b c/x",
        "http:\\\\b\\x",
        "%2fx",
        "%68ttp://b/x",
        "-",
        "1",
        "http//b",
    ];
    let rows = targets
        .iter()
        .filter(|target| **target != "//")
        .map(|target| {
            row(
                "9112 §3.2",
                *target,
                format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
            )
            .refused(400)
        });
    check(rows.collect()).await;
}

/// An absolute target says which host is meant, whatever Host says (RFC 9112 §3.2.2).
#[tokio::test]
async fn absolute_form() {
    let targets = [
        ("http://b/x", "b", "/x"),
        ("http://b", "b", "/"),
        ("http://b/", "b", "/"),
        ("HTTP://b/x", "b", "/x"),
        ("hTTp://B/X", "B", "/X"),
        ("http://b:8080/x", "b:8080", "/x"),
        ("http://[::1]:8080/x", "[::1]:8080", "/x"),
        ("http://127.0.0.1:1/x", "127.0.0.1:1", "/x"),
        ("http://b?", "b", "/?"),
        ("http://b?a=1", "b", "/?a=1"),
        ("http://b/?", "b", "/?"),
        ("http://b/x?a=1&a=2", "b", "/x?a=1&a=2"),
        ("http://b//x", "b", "//x"),
        ("http://b//evil.test/x", "b", "//evil.test/x"),
        ("http://b/../x", "b", "/../x"),
        ("http://b/%2e%2e/x", "b", "/%2e%2e/x"),
        ("http://b/..;/x", "b", "/..;/x"),
        ("http://b/http://c/x", "b", "/http://c/x"),
        ("http://b/x@c", "b", "/x@c"),
        ("http://b/x:y", "b", "/x:y"),
    ];
    let mut rows = Vec::new();
    for (target, host, path) in targets {
        for field in ["a", "b", "evil.test:80", ""] {
            let request = format!("GET {target} HTTP/1.1\r\nHost: {field}\r\n\r\n");
            let forwarded = format!("GET {path} HTTP/1.1\r\nx-forwarded-host: {host}\r\n\r\n");
            rows.push(
                row("9112 §3.2.2", format!("{target} and {field}"), request).forwards(forwarded),
            );
        }
        // One that is missing, repeated or invalid is not forgiven (RFC 9112 §3.2).
        for fields in ["", "Host: a\r\nHost: b\r\n", "Host: a b\r\n"] {
            let request = format!("GET {target} HTTP/1.1\r\n{fields}\r\n");
            rows.push(row("9112 §3.2", format!("{target} and {fields:?}"), request).refused(400));
        }
    }
    check(rows).await;
}

/// What is to be had over a secured connection only is not given over another one, unless a trusted peer has secured the
/// rest of the way (RFC 9110 §7.4).
#[tokio::test]
async fn https_over_a_plain_connection() {
    let mut rows = Vec::new();
    for target in ["https://b/x", "HTTPS://b/x", "https://b:80/x", "https://b"] {
        let request = |method| format!("{method} {target} HTTP/1.1\r\nHost: b\r\n\r\n");
        for method in ["GET", "POST", "OPTIONS"] {
            let name = format!("{method} {target}");
            rows.push(row("9110 §7.4", name, request(method)).refused(421));
        }
    }
    let trusted = row(
        "9110 §7.4",
        "from a trusted peer",
        "GET https://b/x HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    rows.push(
        trusted
            .router(|router| router.trust(["127.0.0.0/8"]).expect("a network"))
            .forwards("GET /x HTTP/1.1\r\nx-forwarded-host: b\r\n\r\n"),
    );
    check(rows).await;
}

/// The asterisk is for OPTIONS, an authority for CONNECT (RFC 9112 §3.2.3, §3.2.4).
#[tokio::test]
async fn forms_and_methods() {
    let mut rows = Vec::new();
    for method in ["GET", "POST", "PUT", "DELETE", "TRACE", "options", "X"] {
        for target in ["*", "b:443"] {
            let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            rows.push(row("9112 §3.2", format!("{method} {target}"), request).refused(400));
        }
    }
    for target in [
        "/",
        "/x",
        "*",
        "b",
        "b:",
        "b:99999",
        "b:x",
        "u@b:443",
        "http://b:443",
        "http://b:443/",
        "b:443/",
        "b:443?x",
        "b:443#x",
        "",
    ] {
        let request = format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        rows.push(row("9112 §3.2.3", format!("CONNECT {target}"), request).refused(400));
    }
    check(rows).await;
}

/// The target is read before the body is: nothing of either is forwarded.
#[tokio::test]
async fn with_a_body() {
    let rows = ["x", "http://u@b/", "*", "/x#y"].map(|target| {
        let request = post("Content-Length: 5\r\n", "hello").replacen("/x", target, 1);
        row("9112 §3.2", target, request).refused(400)
    });
    check(rows.to_vec()).await;
}
