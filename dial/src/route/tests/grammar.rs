//! What may be written as a path and as a domain, and what is said of the rest.

use super::super::{Domain, Pattern};
use crate::error::ErrorKind;

#[test]
fn patterns_are_accepted() {
    let many = params(16);
    for (text, names) in [
        ("/", &[][..]),
        ("/a", &[]),
        ("/a/", &[]),
        ("/a/b-c_d.e~f/%20%2F%e4", &[]),
        ("/a:b/c;v=1,2/@x/$&'()+!*", &[]),
        ("/.well-known/...", &[]),
        ("/{id}", &["id"]),
        ("/{id}/", &["id"]),
        ("/a/{user_id}/b/{_x2}", &["user_id", "_x2"]),
        ("/{größe}", &["größe"]),
        ("/{*rest}", &["rest"]),
        ("/files/{dir}/{*rest}", &["dir", "rest"]),
        (
            &many,
            &[
                "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12",
                "p13", "p14", "p15",
            ],
        ),
    ] {
        let pattern = Pattern::parse(text).unwrap();
        assert_eq!(pattern.as_str(), text);
        assert_eq!(pattern.names().collect::<Vec<_>>(), names, "{text}");
    }
}

#[test]
fn patterns_are_refused_with_a_reason() {
    let many = params(17);
    let deep = "/a".repeat(129);
    for (text, reason) in [
        ("", "begins with `/`"),
        ("a", "begins with `/`"),
        ("*", "begins with `/`"),
        ("http://a/b", "begins with `/`"),
        ("/a?b=1", "ends before `?`"),
        ("/a#b", "ends before `#`"),
        ("//", "empty segment"),
        ("//a", "empty segment"),
        ("/a//b", "empty segment"),
        ("/a//", "empty segment"),
        ("/./a", "dot segment `.`"),
        ("/a/..", "dot segment `..`"),
        ("/%2e/a", "dot segment `%2e`"),
        ("/.%2E/a", "dot segment `.%2E`"),
        ("/%2E%2e", "dot segment `%2E%2e`"),
        ("/a b", "' ' is written percent-encoded, `%20`"),
        ("/bücher", "'ü' is written percent-encoded, `%C3%BC`"),
        ("/a\n", "'\\n' is written percent-encoded, `%0A`"),
        ("/a|b", "percent-encoded, `%7C`"),
        ("/a\\b", "percent-encoded, `%5C`"),
        ("/100%", "two hexadecimal digits"),
        ("/%2", "two hexadecimal digits"),
        ("/%zz", "two hexadecimal digits"),
        ("/%+1", "two hexadecimal digits"),
        ("/a{id}", "a whole segment"),
        ("/{id}.json", "a whole segment"),
        ("/{a}{b}", "a whole segment"),
        ("/{a}-{b}", "a whole segment"),
        ("/{a", "a whole segment"),
        ("/a}", "a whole segment"),
        ("/{{a}}", "a whole segment"),
        ("/{", "a whole segment"),
        ("/{}", "not an identifier"),
        ("/{*}", "not an identifier"),
        ("/{_}", "not an identifier"),
        ("/{1a}", "not an identifier"),
        ("/{a-b}", "not an identifier"),
        ("/{ a }", "not an identifier"),
        ("/{id:[0-9]+}", "not an identifier"),
        ("/{rest...}", "written `{*rest}`"),
        ("/:id", "written `{id}`"),
        ("/:", "written `{id}`"),
        ("/*", "written `{*rest}`"),
        ("/*tail", "written `{*tail}`"),
        ("/<id>", "written `{id}`"),
        ("/<tail..>", "written `{*tail}`"),
        ("/{*rest}/a", "not the last segment"),
        ("/{*rest}/", "not the last segment"),
        ("/{a}/{a}", "`a` appears twice"),
        ("/{a}/{*a}", "`a` appears twice"),
        (&many, "more than 16 parameters"),
        (&deep, "more than 128 segments"),
    ] {
        let error = Pattern::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let message = error.to_string();
        assert!(message.contains(reason), "{text:?}: {message}");
        assert!(
            message.starts_with(&format!("path {text:?}: ")),
            "{message}"
        );
    }
}

#[test]
fn domains_are_accepted() {
    for (text, canonical) in [
        ("example.com", "example.com"),
        ("Example.COM.", "example.com"),
        ("localhost", "localhost"),
        ("a_b.example", "a_b.example"),
        ("*.example.com", "*.example.com"),
        ("*.Com", "*.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[0:0:0:0:0:0:0:A]", "[::a]"),
    ] {
        assert_eq!(Domain::parse(text).unwrap().to_string(), canonical);
    }
}

#[test]
fn domains_are_refused_with_a_reason() {
    let long = "a.".repeat(127) + "example";
    for (text, reason) in [
        ("", "empty label"),
        (".", "empty label"),
        (".example.com", "empty label"),
        ("a..b", "empty label"),
        ("example.com..", "empty label"),
        ("*", "wildcard"),
        ("*.", "empty label"),
        ("*.*.com", "wildcard"),
        ("a.*.com", "wildcard"),
        ("a*.com", "wildcard"),
        ("*.[::1]", "no labels"),
        ("[::1", "IPv6"),
        ("[::1]:80", "IPv6"),
        ("example.com:80", "no port"),
        ("::1", "no port"),
        ("http://example.com", "without scheme"),
        ("example.com/", "without scheme"),
        ("a b", "letters"),
        ("user@example.com", "letters"),
        ("bü cher.example", "letters"),
        ("b%C3%BCch.ü", "letters"),
        ("ex＊ample", "international"),
        ("bü\u{2028}cher", "international"),
        ("１２７.0.0.1", "international"),
        (&long, "too long"),
    ] {
        let error = Domain::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let message = error.to_string();
        assert!(message.contains(reason), "{text:?}: {message}");
    }
}

/// `/{p0}/{p1}…`
fn params(count: usize) -> String {
    let segments = (0..count).map(|n| format!("/{{p{n}}}"));
    segments.collect::<Vec<_>>().concat()
}
