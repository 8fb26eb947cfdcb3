//! Who the client was: claims of strangers are replaced, those of trusted peers added to (RFC 7239, and the fields that
//! came before it).

use dial::{Forwarding, Router};

use super::row::{Row, check, row};
use super::{get, got};

const SECTION: &str = "7239 §8.1";

type Options = fn(Router) -> Router;

fn request(fields: &str, passed: &str) -> Row {
    row(SECTION, fields.escape_debug().to_string(), get(fields)).forwards(got(passed))
}

/// Not one spelling of a claim gets through.
#[tokio::test]
async fn claims_of_strangers() {
    let claims = [
        "X-Forwarded-For: 192.0.2.1\r\n",
        "x-forwarded-for: 127.0.0.1\r\n",
        "X-FORWARDED-FOR: ::1\r\n",
        "X-Forwarded-For:\r\n",
        "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n",
        "X-Forwarded-For: 192.0.2.1, 10.0.0.1\r\nx-forwarded-for: \"'><script>\r\n",
        "X-Forwarded-Proto: https\r\n",
        "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n",
        "X-Forwarded-Host: evil.test\r\n",
        "X-Forwarded-Host: evil.test\r\nX-Forwarded-Host: a\r\n",
        "X-Forwarded-Port: 443\r\n",
        "X-Forwarded-Prefix: /admin\r\n",
        "X-Forwarded-Server: evil.test\r\n",
        "X-Forwarded-Scheme: https\r\n",
        "X-Forwarded-Ssl: on\r\n",
        "X-Forwarded-Protocol: https\r\n",
        "X-Forwarded-Uri: /admin\r\n",
        "X-Forwarded-Path: /admin\r\n",
        "X-Forwarded-Method: DELETE\r\n",
        "X-Forwarded-User: root\r\n",
        "X-Forwarded-Email: root@a\r\n",
        "X-Forwarded-Groups: admin\r\n",
        "X-Forwarded-Access-Token: x\r\n",
        "X-Forwarded-Client-Cert: Hash=1\r\n",
        "X-Forwarded-Tls-Client-Cert: x\r\n",
        "X-Forwarded-By: evil.test\r\n",
        "X-Forwarded-Anything: 1\r\n",
        "X-Forwarded-: 1\r\n",
        "X-Forwarded: 1\r\n",
        "Forwarded: for=192.0.2.1\r\n",
        "forwarded: for=192.0.2.1;proto=https;host=evil.test\r\n",
        "Forwarded: for=\"[::1]\"\r\nForwarded: for=unknown\r\n",
        "Forwarded:\r\n",
        "X-Real-IP: 192.0.2.1\r\n",
        "x-real-ip: 127.0.0.1\r\nX-Real-Ip: ::1\r\n",
        // The same names to whoever reads `_` as `-`.
        "X_Forwarded_For: 192.0.2.1\r\n",
        "X-Forwarded_For: 192.0.2.1\r\n",
        "x_real_ip: 192.0.2.1\r\n",
    ];
    let mut rows: Vec<_> = claims.iter().map(|fields| request(fields, "")).collect();
    // Trust in others is none in this one.
    let others = claims.iter().map(|fields| {
        request(fields, "").router(|router| {
            let networks = ["10.0.0.0/8", "127.0.0.2", "::1", "192.0.2.0/24"];
            router.trust(networks).expect("networks")
        })
    });
    rows.extend(others);
    let odd = b"GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \xff\xfe\r\nForwarded: \x80\r\n\r\n";
    rows.push(row(SECTION, "claims that are not text", odd).forwards(got("")));
    check(rows).await;
}

/// Which fields are set is the operator's choice; that claims are dropped is not.
#[tokio::test]
async fn kinds() {
    let claims = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\n\
                  Forwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n";
    let none = "-x-forwarded-for\r\n-x-forwarded-proto\r\n-x-forwarded-host\r\n";
    let element = "forwarded: for=127.0.0.1;proto=http;host=a\r\n";
    let kinds: [(Options, String); 4] = [
        (
            |router| router.forwarding(Forwarding::XForwarded),
            String::new(),
        ),
        (
            |router| router.forwarding(Forwarding::Rfc7239),
            [none, element].concat(),
        ),
        (
            |router| router.forwarding(Forwarding::Both),
            element.to_owned(),
        ),
        (|router| router.forwarding(Forwarding::Off), none.to_owned()),
    ];
    let mut rows = Vec::new();
    for (kind, passed) in kinds {
        rows.push(request("", &passed).router(kind));
        rows.push(request(claims, &passed).router(kind));
    }
    // What is no token is quoted (RFC 7239 §4).
    for (host, quoted) in [
        ("a:80", "\"a:80\""),
        ("[::1]", "\"[::1]\""),
        ("A.test", "A.test"),
    ] {
        let request = format!("GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let passed = format!("{none}forwarded: for=127.0.0.1;proto=http;host={quoted}\r\n");
        rows.push(
            row("7239 §4", host, request)
                .router(|router| router.forwarding(Forwarding::Rfc7239))
                .forwards(got(&passed)),
        );
    }
    check(rows).await;
}

/// What a trusted peer says stays, and the list grows by that peer.
#[tokio::test]
async fn claims_of_trusted_peers() {
    let rows = [
        ("", ""),
        (
            "X-Forwarded-For: 192.0.2.1\r\n",
            "x-forwarded-for: 192.0.2.1, 127.0.0.1\r\n",
        ),
        (
            "X-Forwarded-For: 192.0.2.1, 10.0.0.1\r\n",
            "x-forwarded-for: 192.0.2.1, 10.0.0.1, 127.0.0.1\r\n",
        ),
        (
            "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n",
            "x-forwarded-for: 192.0.2.1, 192.0.2.2, 127.0.0.1\r\n",
        ),
        (
            "X-Forwarded-Proto: https\r\n",
            "x-forwarded-proto: https\r\n",
        ),
        ("X-Forwarded-Host: b\r\n", "x-forwarded-host: b\r\n"),
        ("X-Forwarded-Port: 443\r\n", "x-forwarded-port: 443\r\n"),
        ("X-Forwarded-Prefix: /p\r\n", "x-forwarded-prefix: /p\r\n"),
        ("X-Real-IP: 192.0.2.1\r\n", "x-real-ip: 192.0.2.1\r\n"),
        (
            "Forwarded: for=192.0.2.1\r\n",
            "forwarded: for=192.0.2.1\r\n",
        ),
        (
            "Connection: X-Forwarded-For\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "x-forwarded-for: 192.0.2.1, 127.0.0.1\r\n",
        ),
    ];
    let trusting: [Options; 3] = [
        |router| router.trust(["127.0.0.1"]).expect("an address"),
        |router| router.trust(["127.0.0.0/8"]).expect("a network"),
        |router| router.trust(["10.0.0.0/8", "0.0.0.0/0"]).expect("networks"),
    ];
    let mut all = Vec::new();
    for (number, (fields, passed)) in rows.iter().enumerate() {
        all.push(request(fields, passed).router(trusting[number % 3]));
    }
    let none = "-x-forwarded-for\r\n-x-forwarded-proto\r\n-x-forwarded-host\r\n";
    let grown = "forwarded: for=192.0.2.1;proto=https, for=127.0.0.1;proto=http;host=a\r\n";
    all.push(
        request(
            "Forwarded: for=192.0.2.1;proto=https\r\n",
            &[none, grown].concat(),
        )
        .router(|router| {
            router
                .trust(["127.0.0.1"])
                .expect("an address")
                .forwarding(Forwarding::Rfc7239)
        }),
    );
    check(all).await;
}

/// X-Real-IP is told only where it is asked for; a stranger's is never passed.
#[tokio::test]
async fn real_ip() {
    let claims = "X-Real-IP: 192.0.2.1\r\nX-Real-IP: 192.0.2.2\r\n";
    let own = "x-real-ip: 127.0.0.1\r\n";
    let rows = vec![
        request("", own).router(|router| router.real_ip(true)),
        request(claims, own).router(|router| router.real_ip(true)),
        request("Connection: X-Real-IP\r\n", own).router(|router| router.real_ip(true)),
        request(claims, "").router(|router| router.real_ip(false)),
    ];
    check(rows).await;
}
