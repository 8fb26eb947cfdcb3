//! Paths over a real server: precedence, backtracking, what a segment is, and what is not found.

use dial::{ErrorKind, ModifiableRequest, Router, Server};
use dial_tests::{Origin, client};

use super::{answer, answering};
use crate::harness::Served;

const ROUTES: [&str; 11] = [
    "/",
    "/a",
    "/a/{id}",
    "/a/me",
    "/a/me/x",
    "/a/{id}/b",
    "/files/{*rest}",
    "/files/{id}",
    "/files/{id}/meta",
    "/p%20q",
    "/trail/",
];

/// A target, and the route that takes it; none is a 404.
const ROWS: &[(&str, Option<&str>)] = &[
    ("/", Some("/")),
    ("/a", Some("/a")),
    ("/a?x=/a/me", Some("/a")),
    ("/b", None),
    ("/A", None),
    // A static segment goes before a parameter.
    ("/a/7", Some("/a/{id}")),
    ("/a/me", Some("/a/me")),
    ("/a/mew", Some("/a/{id}")),
    ("/a/7/b", Some("/a/{id}/b")),
    ("/a/me/x", Some("/a/me/x")),
    // A choice that leads nowhere is left again.
    ("/a/me/b", Some("/a/{id}/b")),
    ("/a/me/c", None),
    ("/a/7/b/c", None),
    // A trailing slash counts, and a parameter is never empty.
    ("/a/", None),
    ("/a/7/", None),
    ("/a//b", None),
    ("//", None),
    ("/trail/", Some("/trail/")),
    ("/trail", None),
    // A catch-all comes last, and may be empty.
    ("/files", Some("/files/{*rest}")),
    ("/files/", Some("/files/{*rest}")),
    ("/files/x", Some("/files/{id}")),
    ("/files/x/meta", Some("/files/{id}/meta")),
    ("/files/x/y", Some("/files/{*rest}")),
    ("/files/x/meta/y", Some("/files/{*rest}")),
    ("/files//", Some("/files/{*rest}")),
    ("/files/../a", Some("/files/{*rest}")),
    ("/filesx", None),
    // Paths are compared byte for byte: nothing is decoded or resolved first.
    ("/p%20q", Some("/p%20q")),
    ("/%70%20q", None),
    ("/a/%6de", Some("/a/{id}")),
    ("/a/me%2Fx", Some("/a/{id}")),
    ("/a%2Fme", None),
    ("/x/../a", None),
    ("/a/.", Some("/a/{id}")),
    ("/a/7;v=1", Some("/a/{id}")),
    // RFC 9112 §3.2.2: of an absolute form the path is what is routed.
    ("http://other.test/a/me", Some("/a/me")),
    ("http://other.test", Some("/")),
];

#[tokio::test]
async fn the_most_specific_path_wins() {
    let mut backwards = ROUTES;
    backwards.reverse();
    backwards.rotate_left(3);
    for order in [ROUTES, backwards] {
        let router = order.into_iter().fold(Router::new(), |router, path| {
            router.at(path, answering(path))
        });
        let served = Served::router(router);
        for (target, route) in ROWS {
            let response = client::get(served.addr, target).await;
            let expected = route.map_or((404, "Not Found".to_owned()), |route| {
                (200, format!("{route} took GET"))
            });
            assert_eq!(
                (response.status, response.text().to_owned()),
                expected,
                "{target}"
            );
        }
    }
}

/// A router whose catch-all is at its root takes whatever no other route does.
#[tokio::test]
async fn a_catch_all_takes_the_rest() {
    let router = Router::new()
        .at("/{*path}", answering("rest"))
        .at("/a/{id}", answering("id"));
    let served = Served::router(router);
    let rows = [
        ("/", "rest"),
        ("/a", "rest"),
        ("/a/7", "id"),
        ("/a/7/b", "rest"),
        ("//", "rest"),
        ("/a/", "rest"),
    ];
    for (target, route) in rows {
        assert_eq!(
            client::get(served.addr, target).await.text(),
            format!("{route} took GET"),
            "{target}"
        );
    }
}

/// What a parameter holds stays as it is in the path.
#[tokio::test]
async fn parameters_are_parts_of_the_path() {
    let handler = |request: ModifiableRequest| {
        let params = ["a", "b", "rest", "none"].map(|name| request.param(name));
        answer(&request, &format!("{params:?}"))
    };
    let served = Served::router(
        Router::new().at("/{a}/x/{b}/{*rest}", dial::proxy(["unused.test"], handler)),
    );
    let rows = [
        ("/1/x/2/3/4", r#"[Some("1"), Some("2"), Some("3/4"), None]"#),
        ("/1/x/2", r#"[Some("1"), Some("2"), Some(""), None]"#),
        ("/1/x/2/", r#"[Some("1"), Some("2"), Some(""), None]"#),
        (
            "/%2F%zz/x/a%20b;c/%2e%2e//",
            r#"[Some("%2F%zz"), Some("a%20b;c"), Some("%2e%2e//"), None]"#,
        ),
        ("/1/x/2?a=5", r#"[Some("1"), Some("2"), Some(""), None]"#),
    ];
    for (target, params) in rows {
        assert_eq!(
            client::get(served.addr, target).await.text(),
            format!("{params} took GET"),
            "{target}"
        );
    }
}

/// A route forwards the whole path: what was matched is not stripped.
#[tokio::test]
async fn a_matched_path_is_forwarded_whole() {
    let origin = Origin::named("1");
    let proxy = dial::proxy([origin.url()], |request: ModifiableRequest| request);
    let served = Served::router(Router::new().at("/a/{id}/{*rest}", proxy));
    for target in ["/a/7/x//y?b", "/a/%2e%2e/", "/a/7"] {
        assert_eq!(
            client::get(served.addr, target).await.status,
            200,
            "{target}"
        );
        assert_eq!(origin.requests().pop().expect("a request").target, target);
    }
}

#[test]
fn a_malformed_path_is_an_error_at_startup() {
    let rows = [
        ("", "`/`"),
        ("a", "`/`"),
        ("/a?b", "`?`"),
        ("/a#b", "`#`"),
        ("/a//b", "empty segment"),
        ("/a/../b", "dot segment"),
        ("/a/%2e", "dot segment"),
        ("/a b", "%20"),
        ("/bücher", "%C3%BC"),
        ("/a%2", "hexadecimal"),
        ("/:id", "{id}"),
        ("/<id>", "{id}"),
        ("/*rest", "{*rest}"),
        ("/{id", "whole segment"),
        ("/x{id}", "whole segment"),
        ("/{1}", "identifier"),
        ("/{}", "identifier"),
        ("/{a}/{a}", "twice"),
        ("/{*rest}/a", "last"),
    ];
    for (path, reason) in rows {
        let router = Router::new()
            .at("/fine", answering("fine"))
            .at(path, answering("bad"));
        let error = Server::builder()
            .bind("127.0.0.1:0", router)
            .expect_err(path);
        assert_eq!(error.kind(), ErrorKind::Config, "{path}");
        let text = error.to_string();
        assert!(
            text.contains(&format!("`{path}`")) && text.contains(reason),
            "{path}: {text}"
        );
    }
}
