use std::sync::Arc;

use http::Method;

use super::{Domain, Lookup, Params, Pattern, Route, RouteTable};
use crate::error::ErrorKind;

mod grammar;
mod property;

#[test]
fn the_more_specific_path_wins() {
    let routes = table([
        "/{*rest}",
        "/",
        "/u/{id}",
        "/u/me",
        "/u/{*rest}",
        "/u/{id}/posts",
        "/u/me/{page}",
        "/u/",
        "/u/a%20b",
        "/files/{dir}/{*rest}",
        "/deep/{a}/{b}/x",
        "/deep/a/{b}/y",
        "/deep/a/b/z",
        "/solo/{id}/",
    ]);
    for (path, expected) in [
        ("/", "/ "),
        ("/u", "/u/{*rest} rest="),
        ("/u/", "/u/ "),
        ("/u/me", "/u/me "),
        ("/u/me/", "/u/{*rest} rest=me/"),
        ("/u/7", "/u/{id} id=7"),
        ("/u/a%20b", "/u/a%20b "),
        ("/u/a%20B", "/u/{id} id=a%20B"),
        ("/u/%6de", "/u/{id} id=%6de"),
        ("/u/7/posts", "/u/{id}/posts id=7"),
        ("/u/me/posts", "/u/me/{page} page=posts"),
        ("/u/7/likes", "/u/{*rest} rest=7/likes"),
        ("/u//posts", "/u/{*rest} rest=/posts"),
        ("/u//", "/u/{*rest} rest=/"),
        ("//u/me", "/{*rest} rest=/u/me"),
        ("/files", "/{*rest} rest=files"),
        ("/files/a", "/files/{dir}/{*rest} dir=a rest="),
        ("/files/a/", "/files/{dir}/{*rest} dir=a rest="),
        ("/files/a/b//c", "/files/{dir}/{*rest} dir=a rest=b//c"),
        ("/files//b", "/{*rest} rest=files//b"),
        ("/deep/a/b/x", "/deep/{a}/{b}/x a=a b=b"),
        ("/deep/a/b/y", "/deep/a/{b}/y b=b"),
        ("/deep/a/b/z", "/deep/a/b/z "),
        ("/deep/a/b/w", "/{*rest} rest=deep/a/b/w"),
        ("/solo/7/", "/solo/{id}/ id=7"),
        ("/solo/7", "/{*rest} rest=solo/7"),
        ("/ü", "/{*rest} rest=ü"),
        ("*", "not found"),
        ("", "not found"),
        ("u", "not found"),
    ] {
        assert_eq!(show(&routes, None, "GET", path), expected, "{path}");
    }
}

#[test]
fn without_a_catch_all_other_paths_are_not_found() {
    let routes = table(["/a", "/a/b/", "/x/{id}", "/files/{*rest}"]);
    for path in [
        "/", "/a/", "/A", "/a/b", "/a/b//", "/x", "/x/", "/x//", "/x/1/", "/file", "/files2",
        "//a", "//files",
    ] {
        assert_eq!(show(&routes, None, "GET", path), "not found", "{path}");
    }
    let too_long = format!("/files/{}", "a".repeat(usize::from(u16::MAX)));
    assert_eq!(show(&routes, None, "GET", &too_long), "not found");
    let longest = &too_long[..usize::from(u16::MAX)];
    let expected = format!("/files/{{*rest}} rest={}", &longest[7..]);
    assert_eq!(show(&routes, None, "GET", longest), expected);
}

#[test]
fn methods_choose_among_routes_and_fall_through() {
    let mut routes = RouteTable::new();
    for (methods, path) in [
        ("GET", "/a"),
        ("POST", "/a"),
        ("PUT", "/{x}"),
        ("DELETE", "/{*rest}"),
        ("HEAD", "/h"),
        ("GET", "/h"),
        ("GET PUT", "/only"),
        ("", "/only/{*rest}"),
    ] {
        add(&mut routes, "", methods, path).unwrap();
    }
    for (method, path, expected) in [
        ("GET", "/a", "GET /a "),
        ("HEAD", "/a", "GET /a "),
        ("POST", "/a", "POST /a "),
        ("PUT", "/a", "PUT /{x} x=a"),
        ("DELETE", "/a", "DELETE /{*rest} rest=a"),
        ("PATCH", "/a", "allow DELETE, GET, HEAD, POST, PUT"),
        ("get", "/a", "allow DELETE, GET, HEAD, POST, PUT"),
        ("GET", "/h", "GET /h "),
        ("HEAD", "/h", "HEAD /h "),
        ("POST", "/b", "allow DELETE, PUT"),
        ("GET", "/b/c", "allow DELETE"),
        ("OPTIONS", "/only", "/only/{*rest} rest="),
    ] {
        assert_eq!(
            show(&routes, None, method, path),
            expected,
            "{method} {path}"
        );
    }
}

#[test]
fn domains_choose_among_routes_and_fall_through() {
    let mut routes = RouteTable::new();
    assert!(!routes.has_domains());
    add(&mut routes, "", "", "/any").unwrap();
    assert!(!routes.has_domains());
    for (domains, methods, path) in [
        ("", "", "/"),
        ("example.com", "", "/"),
        ("*.example.com", "", "/"),
        ("*.eu.example.com", "", "/"),
        ("[::1] 127.0.0.1", "", "/"),
        ("*.com", "POST", "/"),
        ("www.example.com", "PUT", "/{x}"),
    ] {
        add(&mut routes, domains, methods, path).unwrap();
    }
    assert!(routes.has_domains());
    for (host, method, path, expected) in [
        ("example.com", "GET", "/", "example.com / "),
        ("EXAMPLE.com.:8080", "GET", "/", "example.com / "),
        ("example.com:", "GET", "/", "example.com / "),
        ("a.example.com", "GET", "/", "*.example.com / "),
        ("b.a.example.com", "GET", "/", "*.example.com / "),
        ("eu.example.com", "GET", "/", "*.example.com / "),
        ("a.eu.example.com:1", "GET", "/", "*.eu.example.com / "),
        ("c.b.a.EU.example.com", "GET", "/", "*.eu.example.com / "),
        ("notexample.com", "POST", "/", "*.com POST / "),
        ("notexample.com", "GET", "/", "/ "),
        ("com", "POST", "/", "/ "),
        ("[::1]", "GET", "/", "[::1] 127.0.0.1 / "),
        ("[0:0::1]:80", "GET", "/", "[::1] 127.0.0.1 / "),
        ("127.0.0.1:80", "GET", "/", "[::1] 127.0.0.1 / "),
        ("[::2]", "GET", "/", "/ "),
        // Malformed: only what takes any host.
        ("", "GET", "/", "/ "),
        (".example.com", "GET", "/", "/ "),
        ("a..example.com", "GET", "/", "/ "),
        ("example.com..", "GET", "/", "/ "),
        ("example.com:http", "GET", "/", "/ "),
        ("example.com:80:80", "GET", "/", "/ "),
        ("user@example.com", "POST", "/", "*.com POST / "),
        ("::1", "GET", "/", "/ "),
        ("[::1]8", "GET", "/", "/ "),
        ("[::1", "GET", "/", "/ "),
        // The path decides only within a domain, the method over all of them.
        ("www.example.com", "GET", "/any", "/any "),
        (
            "www.example.com",
            "PUT",
            "/any",
            "www.example.com PUT /{x} x=any",
        ),
        ("www.example.com", "GET", "/x", "allow PUT"),
        ("example.com", "GET", "/x", "not found"),
    ] {
        assert_eq!(
            show(&routes, Some(host), method, path),
            expected,
            "{host} {method} {path}"
        );
    }
    assert_eq!(show(&routes, None, "GET", "/"), "/ ");
    let long = "a.".repeat(200) + "example.com";
    assert_eq!(show(&routes, Some(&long), "GET", "/"), "/ ");
}

/// Whoever takes every method does not thereby open tunnels.
#[test]
fn connect_goes_only_where_it_is_listed() {
    const EVERY: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE";
    let mut routes = RouteTable::new();
    add(&mut routes, "", "", "/{*rest}").unwrap();
    assert_eq!(
        show(&routes, None, "CONNECT", "/"),
        format!("allow {EVERY}")
    );
    add(&mut routes, "a.com", "PROPFIND", "/").unwrap();
    assert_eq!(
        show(&routes, Some("a.com"), "CONNECT", "/"),
        "allow DELETE, GET, HEAD, OPTIONS, PATCH, POST, PROPFIND, PUT, TRACE"
    );
    add(&mut routes, "", "CONNECT", "/{*rest}").unwrap();
    for host in [None, Some("a.com")] {
        assert_eq!(
            show(&routes, host, "CONNECT", "/"),
            "CONNECT /{*rest} rest="
        );
    }
    assert_eq!(show(&routes, None, "GET", "/x"), "/{*rest} rest=x");
}

#[test]
fn exact_duplicates_are_refused_and_everything_else_is_not() {
    for (first, second, common) in [
        (("", "", "/a"), ("", "", "/a"), Some("every method")),
        (("", "GET", "/a"), ("", "", "/a"), Some("GET")),
        (("", "", "/a"), ("", "PUT", "/a"), Some("PUT")),
        (("", "GET PUT", "/a"), ("", "POST PUT", "/a"), Some("PUT")),
        (
            ("", "GET", "/{a}/x/{*b}"),
            ("", "GET", "/{c}/x/{*d}"),
            Some("GET"),
        ),
        (
            ("a.com b.com", "", "/a"),
            ("c.com B.com", "", "/a"),
            Some("every method for b.com"),
        ),
        (
            ("*.b.com", "GET", "/a"),
            ("*.b.com", "GET", "/a"),
            Some("GET for *.b.com"),
        ),
        (("", "GET CONNECT", "/a"), ("", "", "/a"), Some("GET")),
        (("", "", "/a"), ("", "CONNECT GET", "/a"), Some("GET")),
        (("", "", "/a"), ("", "CONNECT", "/a"), None),
        (("", "CONNECT", "/a"), ("", "", "/a"), None),
        (("", "GET", "/a"), ("", "HEAD", "/a"), None),
        (("", "GET", "/a"), ("", "PUT", "/a"), None),
        (("", "", "/a"), ("", "", "/a/"), None),
        (("", "", "/a"), ("", "", "/A"), None),
        (("", "", "/a"), ("", "", "/{a}"), None),
        (("", "", "/a"), ("", "", "/a/{*rest}"), None),
        (("", "", "/{a}"), ("", "", "/{*a}"), None),
        (("", "", "/a"), ("a.com", "", "/a"), None),
        (("a.com", "", "/a"), ("*.a.com", "", "/a"), None),
        (("*.b.a.com", "", "/a"), ("*.a.com", "", "/a"), None),
    ] {
        let mut routes = RouteTable::new();
        add(&mut routes, first.0, first.1, first.2).unwrap();
        let result = add(&mut routes, second.0, second.1, second.2);
        let Some(common) = common else {
            result.unwrap();
            continue;
        };
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let expected = format!(
            "src/main.rs:1: route `{}` takes the same requests as `{}` at src/main.rs:0: {common}",
            second.2, first.2
        );
        assert_eq!(error.to_string(), expected);
        // Nothing was added.
        assert_eq!(routes.iter().len(), 1);
        assert_eq!(
            show(&routes, Some("c.com"), "GET", "/zzz/zzz/zzz"),
            "not found"
        );
    }
}

#[test]
fn a_route_lists_nothing_twice() {
    for (domains, methods, reason) in [
        (
            "a.com *.a.com A.com",
            "",
            "the domain `a.com` is listed twice",
        ),
        ("", "GET PUT GET", "the method GET is listed twice"),
    ] {
        let error = add(&mut RouteTable::new(), domains, methods, "/a").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("src/main.rs:0: route `/a`: {reason}")
        );
    }
}

#[test]
fn routes_are_listed_by_path() {
    let mut routes = RouteTable::new();
    for (domains, methods, path) in [
        ("", "PUT", "/b"),
        ("", "GET", "/b"),
        ("", "", "/a/{id}"),
        ("b.com", "", "/a"),
        ("a.com", "", "/a"),
        ("", "", "/a"),
    ] {
        add(&mut routes, domains, methods, path).unwrap();
    }
    let listed: Vec<_> = routes.iter().map(|route| route.value.as_str()).collect();
    assert_eq!(
        listed,
        ["/a", "a.com /a", "b.com /a", "/a/{id}", "GET /b", "PUT /b"]
    );
}

#[test]
fn params_can_be_given_by_hand() {
    let params = Params::given([("id".to_owned(), "a%20b".to_owned())]);
    assert_eq!(params.get("/whatever", "id"), Some("a%20b"));
    assert_eq!(params.get("/whatever", "other"), None);
    assert_eq!(params.iter("").collect::<Vec<_>>(), [("id", "a%20b")]);
    assert_eq!(Params::none().get("/a", "id"), None);
}

#[test]
fn params_of_another_path_do_not_panic() {
    let routes = table(["/u/{id}/{*rest}"]);
    let Lookup::Found(_, params) = routes.find(None, &Method::GET, "/u/1234/abcd") else {
        panic!("not found");
    };
    assert_eq!(params.clone().get("/u/1234/abcd", "id"), Some("1234"));
    for other in ["", "/", "/u/12", "/u/üüüüü"] {
        assert!(params.get(other, "id").is_some());
    }
}

#[test]
fn many_routes_and_much_backtracking() {
    let mut routes = RouteTable::new();
    // Every choice of `a` or a parameter at twelve levels: a walk that never finds its end turns back everywhere.
    for bits in 0..4096 {
        let part = |n: u32| {
            if bits >> n & 1 == 0 {
                "/a".to_owned()
            } else {
                format!("/{{p{n}}}")
            }
        };
        let path: String = (0..12).map(part).chain(["/end".to_owned()]).collect();
        add(&mut routes, "", "", &path).unwrap();
    }
    for n in 0..10_000 {
        add(&mut routes, "", "", &format!("/wide/r{n}/x")).unwrap();
    }
    let all_a = "/a".repeat(12);
    assert_eq!(
        show(&routes, None, "GET", &format!("{all_a}/end")),
        format!("{all_a}/end ")
    );
    assert_eq!(
        show(&routes, None, "GET", &format!("{all_a}/miss")),
        "not found"
    );
    assert_eq!(
        show(&routes, None, "GET", "/wide/r9999/x"),
        "/wide/r9999/x "
    );
    assert_eq!(show(&routes, None, "GET", "/wide/r10000/x"), "not found");
}

fn table<const N: usize>(paths: [&str; N]) -> RouteTable<String> {
    let mut routes = RouteTable::new();
    for path in paths {
        add(&mut routes, "", "", path).unwrap();
    }
    routes
}

/// Domains and methods are separated by spaces; the value says it all.
fn add(
    routes: &mut RouteTable<String>,
    domains: &str,
    methods: &str,
    path: &str,
) -> Result<(), crate::error::Error> {
    let words = [domains, methods, path]
        .into_iter()
        .filter(|word| !word.is_empty());
    routes.insert(Route {
        pattern: Arc::new(Pattern::parse(path)?),
        domains: domains
            .split_whitespace()
            .map(Domain::parse)
            .collect::<Result<_, _>>()?,
        methods: methods
            .split_whitespace()
            .map(|method| method.parse().unwrap())
            .collect(),
        declared: format!("src/main.rs:{}", routes.routes.len()),
        value: words.collect::<Vec<_>>().join(" "),
    })
}

/// `VALUE name=value…`, `allow METHODS` or `not found`.
fn show(routes: &RouteTable<String>, host: Option<&str>, method: &str, path: &str) -> String {
    match routes.find(host, &method.parse().unwrap(), path) {
        Lookup::Found(value, params) => {
            let params = params
                .iter(path)
                .map(|(name, value)| format!("{name}={value}"));
            format!("{value} {}", params.collect::<Vec<_>>().join(" "))
        }
        Lookup::MethodNotAllowed(allow) => format!("allow {allow}"),
        Lookup::NotFound => "not found".into(),
    }
}
