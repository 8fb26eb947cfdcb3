use proptest::prelude::*;

use super::*;

fn edited(incoming: &str, edit: impl FnOnce(&mut Target, &Uri)) -> Target {
    let uri: Uri = incoming.parse().unwrap();
    let mut target = Target::default();
    edit(&mut target, &uri);
    target
}

fn sent(incoming: &str, edit: impl FnOnce(&mut Target, &Uri)) -> String {
    let uri: Uri = incoming.parse().unwrap();
    let mut target = Target::default();
    edit(&mut target, &uri);
    let rest = whole(&target, &uri).unwrap();
    match target.origin() {
        Some(origin) => format!("{origin}{rest}"),
        None => rest.to_string(),
    }
}

/// What is sent, edited or not.
fn whole(target: &Target, original: &Uri) -> Result<PathAndQuery, Error> {
    let untouched = original.path_and_query().expect("a path").clone();
    Ok(target.path_and_query(original)?.unwrap_or(untouched))
}

#[test]
fn rewrites() {
    let table = [
        // incoming, rewrite, sent
        ("/a?x=1", "/b", "/b?x=1"),
        ("/a", "/b", "/b"),
        ("/a", "b/c", "/b/c"),
        ("/a?a=1", "/p?v=2", "/p?v=2&a=1"),
        ("/a", "/p?v=2", "/p?v=2"),
        ("/a?", "/p", "/p?"),
        ("/a?", "/p?v=2", "/p?v=2"),
        ("/a?x=1", "/p?", "/p?x=1"),
        ("/a?x=1", "", "/?x=1"),
        ("/a?x=1", "?v=2", "/?v=2&x=1"),
        ("/a", "/p#fragment", "/p"),
        (
            "/a?a=1",
            "https://other/p?v=2",
            "https://other:443/p?v=2&a=1",
        ),
        ("/a?a=1", "http://other:8080", "http://other:8080/?a=1"),
        ("/a", "https://other?v=2", "https://other:443/?v=2"),
        ("/a", "HTTPS://Other/P", "https://other:443/P"),
        ("/a", "http://[::1]:81/p", "http://[::1]:81/p"),
        (
            "/a",
            "http://127.0.0.1/%2e%2e/x;y//z",
            "http://127.0.0.1:80/%2e%2e/x;y//z",
        ),
        // None of these is an authority.
        ("/a", "//evil/x", "//evil/x"),
        ("/a", "/\\evil", "/\\evil"),
        ("/a", "\\\\evil", "/\\\\evil"),
        ("/a", "/r?u=http://evil/", "/r?u=http://evil/"),
        ("/a", "r?u=http://evil/", "/r?u=http://evil/"),
        ("/a", "evil:80", "/evil:80"),
    ];
    for (incoming, rewrite, expected) in table {
        let sent = sent(incoming, |target, _| target.rewrite(rewrite).unwrap());
        assert_eq!(sent, expected, "{incoming} rewritten to {rewrite}");
    }
}

#[test]
fn the_last_rewrite_wins() {
    let sent = sent("/a?x=1", |target, _| {
        target.rewrite("https://other/p?v=2").unwrap();
        target.rewrite("/q?w=3").unwrap();
    });
    assert_eq!(sent, "/q?w=3&x=1");
}

#[test]
fn what_cannot_be_sent_is_a_fault() {
    let table = [
        "/a b",
        "/caf\u{e9}",
        "/a\r\nX: y",
        "/a\tb",
        "/p?a b",
        "ftp://other/",
        "http://",
        "https://user:password@other/",
        "http://other:99999/",
        "http://other:0/",
        "http://other\\@evil/",
        "http://oth\ter/",
    ];
    for rewrite in table {
        let uri = Uri::from_static("/a");
        let mut target = Target::default();
        let error = target.rewrite(rewrite).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Handler, "{rewrite:?}");
        // Nothing of it was taken over.
        assert_eq!(whole(&target, &uri).unwrap(), "/a", "{rewrite:?}");
        assert!(target.origin().is_none(), "{rewrite:?}");
    }
}

#[test]
fn a_path_that_is_too_long_is_a_fault() {
    let uri = Uri::from_static("/a");
    let target = edited("/a", |target, _| {
        target.rewrite(&"x".repeat(70_000)).unwrap();
    });
    assert_eq!(whole(&target, &uri).unwrap_err().kind(), ErrorKind::Handler);
}

#[test]
fn prefixes() {
    let table = [
        ("/api/x?q=1", "/api", "/x?q=1"),
        ("/api", "/api", "/"),
        ("/api/", "/api", "/"),
        ("/apix", "/api", "/apix"),
        ("/other", "/api", "/other"),
        ("/api/x", "/api/", "/x"),
        ("/api//evil/x", "/api", "//evil/x"),
        ("/x", "/", "/x"),
    ];
    for (incoming, prefix, expected) in table {
        let sent = sent(incoming, |target, uri| target.strip_prefix(uri, prefix));
        assert_eq!(sent, expected, "{incoming} without {prefix}");
    }
    let table = [
        ("/x?q=1", "/v1", "/v1/x?q=1"),
        ("/x", "v1/", "/v1/x"),
        ("/", "/v1", "/v1/"),
        ("/x", "/", "/x"),
        ("/x", "", "/x"),
    ];
    for (incoming, prefix, expected) in table {
        let sent = sent(incoming, |target, uri| {
            target.prefix_path(uri, prefix).unwrap();
        });
        assert_eq!(sent, expected, "{prefix} before {incoming}");
    }
}

fn param(name: &str) -> Option<&'static str> {
    match name {
        "id" => Some("7"),
        "odd" => Some("a%2Fb"),
        "rest" => Some("x/y"),
        "up" => Some(".."),
        "hidden" => Some("a/%2E%2e"),
        "half" => Some("%2"),
        "e" => Some("e"),
        "empty" => Some(""),
        _ => None,
    }
}

#[test]
fn templates() {
    let table = [
        ("/v2/{id}", "/v2/7?q=1"),
        ("/v2/{id}/{odd}", "/v2/7/a%2Fb?q=1"),
        ("/v2/{rest}", "/v2/x%2Fy?q=1"),
        ("/v2/{*rest}", "/v2/x/y?q=1"),
        ("{id}", "/7?q=1"),
        ("/plain", "/plain?q=1"),
        ("/../{id}", "/../7?q=1"),
    ];
    for (template, expected) in table {
        let sent = sent("/u?q=1", |target, _| {
            target.rewrite_path(template, param).unwrap();
        });
        assert_eq!(sent, expected, "{template}");
    }
    let faults = [
        ("/v2/{nobody}", ErrorKind::Handler),
        ("/v2/{id", ErrorKind::Handler),
        ("/v2/{up}", ErrorKind::BadRequest),
        ("/v2/{*hidden}", ErrorKind::BadRequest),
        ("/v2/{half}{e}", ErrorKind::BadRequest),
        ("/v2/.{*empty}./x", ErrorKind::BadRequest),
        ("/v 2/{id}", ErrorKind::Handler),
    ];
    for (template, kind) in faults {
        let error = Target::default().rewrite_path(template, param).unwrap_err();
        assert_eq!(error.kind(), kind, "{template}");
    }
}

#[test]
fn queries() {
    type Edit = fn(&mut Target, &Uri);
    let table: [(&str, Edit, &str); 14] = [
        ("/a?x=1", |t, _| t.set_query("y=2").unwrap(), "/a?y=2"),
        ("/a?x=1", |t, _| t.set_query("?y=2").unwrap(), "/a?y=2"),
        ("/a?x=1", |t, _| t.set_query("").unwrap(), "/a"),
        ("/a", |t, u| t.append_query(u, "k", "a b&c"), "/a?k=a+b%26c"),
        ("/a?x=1", |t, u| t.append_query(u, "k", "v"), "/a?x=1&k=v"),
        ("/a?", |t, u| t.append_query(u, "k", "v"), "/a?k=v"),
        ("/a?x=1&", |t, u| t.append_query(u, "k", "v"), "/a?x=1&k=v"),
        (
            "/a?x=1&y=%zz&x=2",
            |t, u| t.remove_query(u, "x"),
            "/a?y=%zz",
        ),
        ("*", |t, u| t.append_query(u, "k", "v"), "*"),
        ("*", |t, _| t.set_query("y=2").unwrap(), "*"),
        ("/a?%78=1&y", |t, u| t.remove_query(u, "x"), "/a?y"),
        ("/a?x=1", |t, u| t.remove_query(u, "x"), "/a"),
        ("/a?x=1&&y", |t, u| t.remove_query(u, "z"), "/a?x=1&&y"),
        (
            "/a?x=1",
            |t, u| {
                t.rewrite("/b?x=0&w=3").unwrap();
                t.append_query(u, "k", "v");
                t.remove_query(u, "x");
            },
            "/b?w=3&k=v",
        ),
    ];
    for (at, (incoming, edit, expected)) in table.into_iter().enumerate() {
        assert_eq!(sent(incoming, edit), expected, "row {at}: {incoming}");
    }
}

/// Any target a client may send in origin form, odd bytes included.
fn targets() -> impl Strategy<Value = String> {
    "/[!-~]{0,40}(\\?[!-~]{0,40})?".prop_filter("http takes it", |text| {
        !text.contains('#') && text.parse::<Uri>().is_ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn what_is_not_touched_is_sent_byte_for_byte(incoming in targets()) {
        prop_assert_eq!(sent(&incoming, |_, _| {}), incoming);
    }

    #[test]
    fn a_rewritten_path_keeps_the_query_byte_for_byte(incoming in targets()) {
        let query = incoming.split_once('?').map(|(_, query)| format!("?{query}"));
        let sent = sent(&incoming, |target, _| target.rewrite("/p").unwrap());
        prop_assert_eq!(sent, format!("/p{}", query.unwrap_or_default()));
    }

    #[test]
    fn a_query_edit_keeps_the_path_byte_for_byte(incoming in targets()) {
        let path = incoming.split_once('?').map_or(&*incoming, |(path, _)| path);
        let sent = sent(&incoming, |target, _| target.set_query("a=1").unwrap());
        prop_assert_eq!(sent, format!("{path}?a=1"));
    }

    #[test]
    fn merged_queries_hold_both_parts(incoming in targets(), own in "[a-z]=[a-z0-9]{1,5}") {
        let sent = sent(&incoming, |target, _| target.rewrite(&format!("/p?{own}")).unwrap());
        let expected = match incoming.split_once('?') {
            Some((_, query)) if !query.is_empty() => format!("/p?{own}&{query}"),
            _ => format!("/p?{own}"),
        };
        prop_assert_eq!(sent, expected);
    }

    #[test]
    fn no_path_ever_changes_the_authority(
        incoming in targets(),
        path in "[/\\\\.:@a-z%0-9?&=-]{0,30}",
        prefix in "[/\\\\.:@a-z%0-9-]{0,10}",
    ) {
        let uri: Uri = incoming.parse().unwrap();
        let mut target = Target::default();
        let edits: [Result<(), Error>; 4] = [
            target.set_path(&path),
            target.prefix_path(&uri, &prefix),
            target.rewrite_path("/t/{*p}", |_| Some(uri.path())),
            if path.contains("://") { Ok(()) } else { target.rewrite(&path) },
        ];
        target.strip_prefix(&uri, &prefix);
        prop_assert!(target.origin().is_none());
        let sent = whole(&target, &uri);
        // Whatever of the edits failed, what is sent is an origin-form target.
        if let Ok(sent) = sent {
            prop_assert!(sent.as_str().starts_with('/'), "{sent} after {edits:?}");
            let whole: Uri = Uri::from(sent);
            prop_assert!(whole.authority().is_none());
        }
    }

    #[test]
    fn nothing_panics(incoming in targets(), any in ".{0,40}", name in ".{0,8}") {
        let uri: Uri = incoming.parse().unwrap();
        let mut target = Target::default();
        let _ = target.rewrite(&any);
        let _ = target.set_path(&any);
        let _ = target.prefix_path(&uri, &any);
        let _ = target.rewrite_path(&any, |_| Some(&any));
        let _ = target.set_query(&any);
        target.append_query(&uri, &name, &any);
        target.remove_query(&uri, &name);
        target.strip_prefix(&uri, &any);
        let _ = whole(&target, &uri);
    }
}
