//! `rewrite_uri`: a path stays with the balancer, a full URL leaves it, and nothing else does.

use dial::ModifiableRequest;
use dial_tests::{Log, Origin, TlsOrigin, client};

use super::{last, rewriting, rewritten};
use crate::harness::{Axum, Both, Served};

#[tokio::test]
async fn a_path_keeps_the_query_and_stays_with_the_balancer() {
    let rows = [
        // target, rewritten to, arrives as
        ("/api/data", "/api/v1/data", "/api/v1/data"),
        ("/x", "/", "/"),
        ("/x?a=1", "/p", "/p?a=1"),
        ("/x?a=1", "/p?v=2", "/p?v=2&a=1"),
        ("/x", "/p?v=2", "/p?v=2"),
        // A missing slash is added.
        ("/x?a=1", "p", "/p?a=1"),
        ("/x", "p/q?v=2", "/p/q?v=2"),
        ("/x?a=1", "?v=2", "/?v=2&a=1"),
        // Queries are merged as they stand: nothing is parsed, sorted or deduplicated.
        ("/x?a=1&a=2", "/p?a=0", "/p?a=0&a=1&a=2"),
        ("/x?b=%20%zz;+&&", "/p?v=%41", "/p?v=%41&b=%20%zz;+&&"),
        ("/x?to=http://h/?b=1", "/p?v=/?", "/p?v=/?&to=http://h/?b=1"),
        ("/x?flag", "/p?other", "/p?other&flag"),
        // An empty query is a query as long as there is nothing to merge it with.
        ("/x?", "/p", "/p?"),
        ("/x?", "/p?v=2", "/p?v=2"),
        ("/x?a=1", "/p?", "/p?a=1"),
        ("/x", "/p?", "/p?"),
        // A fragment is never sent, RFC 9110 §7.1.
        ("/x?a=1", "/p#top", "/p?a=1"),
        ("/x?a=1", "/p?v=2#top", "/p?v=2&a=1"),
        // Bytes of the new path stay as they are.
        ("/x", "/a/../b/./c", "/a/../b/./c"),
        ("/x", "/%2e%2e/%2F;v=1//b/", "/%2e%2e/%2F;v=1//b/"),
        ("/x", "/a:b@c!$&'()*+,=~", "/a:b@c!$&'()*+,=~"),
    ];
    let origins = ["1", "2"].map(Origin::named);
    let hosts = origins.each_ref().map(Origin::url);
    let both = Both::proxy(dial::proxy(hosts, rewriting)).await;
    for (home, addr) in both.homes() {
        for (at, (target, to, arrives)) in rows.into_iter().enumerate() {
            let response = rewritten(addr, target, to).await;
            let row = format!("{target} rewritten to {to}, {home}");
            assert_eq!(response.status, 200, "{row}");
            // The balancer goes on: an odd number of rows lets the second home begin with the other origin.
            let turn = (at + usize::from(home == "axum") * rows.len()) % 2;
            assert_eq!(response.origin(), ["1", "2"][turn], "{row}");
            let sent = last(&origins[turn]);
            assert_eq!(sent.target, arrives, "{row}");
            assert_eq!(
                sent.headers.get("host"),
                Some(&*origins[turn].addr().to_string()),
                "{row}"
            );
        }
    }
}

#[tokio::test]
async fn what_looks_like_another_host_is_a_path() {
    let (origin, decoy) = (Origin::named("1"), Origin::named("decoy"));
    let evil = decoy.addr();
    let rows = [
        // rewritten to, arrives as
        (format!("//{evil}/x"), format!("//{evil}/x")),
        (format!("///{evil}/x"), format!("///{evil}/x")),
        (format!("/\\{evil}/x"), format!("/\\{evil}/x")),
        (format!("\\\\{evil}\\x"), format!("/\\\\{evil}\\x")),
        (format!("\\/{evil}/x"), format!("/\\/{evil}/x")),
        (format!("/http://{evil}/x"), format!("/http://{evil}/x")),
        (format!("http:{evil}/x"), format!("/http:{evil}/x")),
        (format!("http:/{evil}/x"), format!("/http:/{evil}/x")),
        (format!("http:\\\\{evil}/x"), format!("/http:\\\\{evil}/x")),
        (format!("://{evil}/x"), format!("/://{evil}/x")),
        (format!("/x?://{evil}/"), format!("/x?://{evil}/")),
        (format!("@{evil}/x"), format!("/@{evil}/x")),
        (format!("//user@{evil}"), format!("//user@{evil}")),
        (format!(".{evil}/x"), format!("/.{evil}/x")),
        (":80/x".to_owned(), "/:80/x".to_owned()),
    ];
    let both = Both::proxy(dial::proxy([origin.url()], rewriting)).await;
    for (home, addr) in both.homes() {
        for (to, arrives) in &rows {
            let response = rewritten(addr, "/x", to).await;
            assert_eq!(
                (response.status, response.origin()),
                (200, "1"),
                "{to}, {home}"
            );
            let sent = last(&origin);
            assert_eq!(sent.target, *arrives, "{to}, {home}");
            assert_eq!(
                sent.headers.get("host"),
                Some(&*origin.addr().to_string()),
                "{to}, {home}"
            );
        }
    }
    assert_eq!(decoy.connections(), 0);
}

/// The other ways to a path cannot name a host either.
#[tokio::test]
async fn no_edit_of_a_path_names_a_host() {
    let (origin, decoy) = (Origin::named("1"), Origin::named("decoy"));
    let evil = decoy.addr();
    let handler = move |request: &mut ModifiableRequest| {
        match request.header("x-edit") {
            Some("set_path") => request.set_path(format!("//{evil}/x")),
            Some("set_path to a URL") => request.set_path(format!("http://{evil}/x")),
            Some("strip_prefix") => request.strip_prefix("/api"),
            Some("prefix_path") => request.prefix_path(format!("//{evil}")),
            Some("rewrite_path") => request.rewrite_path(format!("//{evil}/x")),
            _ => request,
        };
    };
    let rows = [
        ("set_path", "/x".to_owned(), format!("//{evil}/x")),
        (
            "set_path to a URL",
            "/x".to_owned(),
            format!("/http://{evil}/x"),
        ),
        (
            "strip_prefix",
            format!("/api//{evil}/x"),
            format!("//{evil}/x"),
        ),
        ("prefix_path", "/x".to_owned(), format!("//{evil}/x")),
        ("rewrite_path", "/x".to_owned(), format!("//{evil}/x")),
        ("untouched", format!("//{evil}/x"), format!("//{evil}/x")),
        (
            "absolute form, RFC 9112 §3.2.2",
            format!("http://{evil}/x"),
            "/x".to_owned(),
        ),
    ];
    let both = Both::proxy(dial::proxy([origin.url()], handler)).await;
    for (home, addr) in both.homes() {
        for (row, target, arrives) in &rows {
            let raw = format!("GET {target} HTTP/1.1\r\nHost: a\r\nX-Edit: {row}\r\n\r\n");
            let response = client::request(addr, raw).await;
            assert_eq!(
                (response.status, response.origin()),
                (200, "1"),
                "{row}, {home}"
            );
            assert_eq!(last(&origin).target, *arrives, "{row}, {home}");
        }
    }
    assert_eq!(decoy.connections(), 0);
}

#[tokio::test]
async fn a_full_url_bypasses_the_balancer() {
    let origins = ["1", "2"].map(Origin::named);
    let other = Origin::named("other");
    let rows = [
        // target, rewritten to, arrives as
        ("/x?a=1", "http://OTHER/p", "/p?a=1"),
        ("/x?a=1", "http://OTHER/p?v=2", "/p?v=2&a=1"),
        ("/x", "HTTP://OTHER", "/"),
        ("/x?a=1", "http://OTHER?v=2", "/?v=2&a=1"),
        ("/x", "http://OTHER/p#top", "/p"),
        ("/x", "http://OTHER#top", "/"),
        ("/x?", "http://OTHER//%2e%2e/;a?b", "//%2e%2e/;a?b"),
        // Where the request goes is what stands before the first `/`, `?` or `#` (RFC 3986 §3.2).
        ("/x", "http://OTHER/@evil.test/", "/@evil.test/"),
        ("/x", "http://OTHER?@evil.test", "/?@evil.test"),
        ("/x", "http://OTHER#@evil.test", "/"),
    ];
    let hosts = origins.each_ref().map(Origin::url);
    let both = Both::proxy(dial::proxy(hosts, rewriting)).await;
    for (home, addr) in both.homes() {
        let port = other.port();
        for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
            for (target, to, arrives) in rows {
                let to = to.replace("OTHER", &host);
                let row = format!("{target} rewritten to {to}, {home}");
                let response = rewritten(addr, target, &to).await;
                assert_eq!(
                    (response.status, response.origin()),
                    (200, "other"),
                    "{row}"
                );
                let sent = last(&other);
                assert_eq!(sent.target, arrives, "{row}");
                assert_eq!(sent.headers.get("host"), Some(&*host), "{row}");
                assert_eq!(
                    sent.headers.get("x-forwarded-host"),
                    Some("shop.test"),
                    "{row}"
                );
            }
        }
        // It took nobody's turn.
        for name in ["1", "2"] {
            assert_eq!(client::get(addr, "/x").await.origin(), name, "{home}");
        }
    }
}

/// Hosts that are gone do not concern a request that goes elsewhere.
#[tokio::test]
async fn a_full_url_needs_no_host() {
    let other = Origin::named("other");
    let proxy = dial::proxy(["unused.test"], rewriting);
    proxy
        .upstream()
        .set_hosts([""; 0])
        .expect("an empty list at runtime");
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        let response = rewritten(addr, "/x", &other.url()).await;
        assert_eq!(
            (response.status, response.origin()),
            (200, "other"),
            "{home}"
        );
        assert_eq!(client::get(addr, "/x").await.status, 503, "{home}");
    }
}

#[tokio::test]
async fn a_full_url_may_be_https() {
    let (origin, other) = (
        Origin::named("1"),
        TlsOrigin::named("other", &["127.0.0.1", "localhost"]),
    );
    let tls = || dial::UpstreamTls::with_ca(other.ca_pem().as_bytes()).expect("a CA");
    let proxy = dial::proxy([origin.url()], rewriting);
    let router = dial::Router::new()
        .at("/{*path}", proxy.clone())
        .upstream_tls(tls());
    let (served, axum) = (
        Served::router(router),
        Axum::proxy(proxy.upstream_tls(tls())).await,
    );
    for addr in [served.addr, axum.addr] {
        for (host, sni) in [("127.0.0.1", None), ("localhost", Some("localhost"))] {
            let to = format!("https://{host}:{}/p?v=2", other.port());
            let response = rewritten(addr, "/x?a=1", &to).await;
            assert_eq!((response.status, response.origin()), (200, "other"), "{to}");
            let sent = last(&other);
            assert_eq!(
                (&*sent.target, sent.sni.as_deref()),
                ("/p?v=2&a=1", sni),
                "{to}"
            );
        }
    }
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn an_impossible_url_is_a_logged_500_that_forwards_nothing() {
    let (origin, decoy) = (Origin::named("1"), Origin::named("decoy"));
    let at = decoy.addr();
    let rows = [
        format!("ftp://{at}/p"),
        format!("ws://{at}/p"),
        format!("http://user:secret@{at}/p"),
        "http://".to_owned(),
        "http:///p".to_owned(),
        "http://?a".to_owned(),
        "http://127.0.0.1:99999/p".to_owned(),
        "http://127.0.0.1:0/p".to_owned(),
        format!("http://[::1/p{at}"),
        format!("http://127.0.0.1\\@{at}/p"),
        format!("http://{at}/a b"),
        format!("http://{at}/p?a b"),
        "/a b".to_owned(),
        "/p?a b".to_owned(),
    ];
    let proxy = dial::proxy([origin.url()], rewriting).name("impossible_url");
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        for to in &rows {
            let log = Log::of("dial");
            let response = rewritten(addr, "/x", to).await;
            assert_eq!(
                (response.status, response.text()),
                (500, "Internal Server Error"),
                "{to}, {home}"
            );
            let line = log.line("impossible_url").await;
            assert!(
                line.contains("ERROR") && !line.contains("secret"),
                "{to}, {home}: {line}"
            );
        }
    }
    assert_eq!((origin.connections(), decoy.connections()), (0, 0));
}
