//! Exactly one Host, and one that can be a host (RFC 9112 §3.2, RFC 9110 §7.2).

use dial::HostHeader;

use super::row::{check, row};

#[tokio::test]
async fn missing_or_repeated() {
    let rows = [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host: a\r\nhost: a\r\n",
        "Host: a\r\nHost:\r\n",
        "Host:\r\nHost: a\r\n",
        "Host: a\r\nX-A: 1\r\nHOST: b\r\n",
        "Host: a\r\n Host: b\r\n",
        "X-Host: a\r\n",
        "Host : a\r\n",
        " Host: a\r\n",
        "Host\r\n",
    ];
    let rows = rows.map(|fields| {
        let name = fields.escape_default().to_string();
        row(
            "9112 §3.2",
            name,
            format!("GET /x HTTP/1.1\r\n{fields}\r\n"),
        )
        .refused(400)
    });
    check(rows.to_vec()).await;
}

#[tokio::test]
async fn invalid() {
    let hosts: [&[u8]; 40] = [
        b"a, b",
        b"a,b",
        b"a b",
        b"a\tb",
        b"a;b c",
        b"a:x",
        b"a:99999",
        b"a:65536",
        b"a:-1",
        b"a:+80",
        b"a:80:80",
        b"a: 80",
        b"a :80",
        b":80",
        b"a@b",
        b"user:pw@a",
        b"@a",
        b"a/b",
        b"a/",
        b"/a",
        b"a?b",
        b"a#b",
        b"a\\b",
        b"http://a",
        b"//a",
        b"[::1",
        b"::1",
        b"[]",
        b"[::1]x",
        b"[::1]]",
        b"a]",
        b"a\x80",
        b"\xc3\xa4",
        b"a%zz",
        b"a%4",
        b"<a>",
        b"\"a\"",
        b"a^b",
        b"a|b",
        b"{a}",
    ];
    let rows = hosts.iter().map(|host| {
        let request = [b"GET /x HTTP/1.1\r\nHost: ", *host, b"\r\n\r\n"].concat();
        row("9112 §3.2", host.escape_ascii().to_string(), request).refused(400)
    });
    check(rows.collect()).await;
}

/// What the client named is told to the origin, which is itself named in Host.
#[tokio::test]
async fn valid() {
    let hosts = [
        "a",
        "A.Example",
        "a.",
        "a:80",
        "a:",
        "a:0",
        "a:65535",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8080",
        "[v1.x:y]",
        "a-b",
        "a_b",
        "~a",
        "xn--bcher-kva.test",
        "a%41",
        "a!$&'()*+;=b",
    ];
    let mut rows = Vec::new();
    for host in hosts {
        let request = format!("GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let forwarded = format!("GET /x HTTP/1.1\r\nx-forwarded-host: {host}\r\n\r\n");
        rows.push(row("9110 §7.2", host, &request).forwards(forwarded));
        let forwarded =
            format!("GET /x HTTP/1.1\r\nhost: {host}\r\nx-forwarded-host: {host}\r\n\r\n");
        rows.push(
            row("9110 §7.2", format!("{host}, preserved"), request)
                .router(|router| router.host_header(HostHeader::Preserve))
                .forwards(forwarded),
        );
    }
    let spaces = "GET /x HTTP/1.1\r\nHost: \t a \t\r\n\r\n";
    rows.push(
        row("9110 §5.5", "white space around it", spaces).forwards("GET /x HTTP/1.1\r\n\r\n"),
    );
    check(rows).await;
}
