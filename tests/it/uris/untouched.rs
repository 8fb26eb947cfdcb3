//! What the handler does not touch arrives byte for byte.

use dial::ModifiableRequest;
use dial_tests::{Origin, client};

use super::last;
use crate::harness::Both;

const TARGETS: [&str; 24] = [
    "/",
    "/a/b",
    // Dot segments, encoded or not, are nobody's to resolve but the origin's.
    "/a/../b/./c",
    "/..",
    "/%2e%2e/%2E%2e/a",
    "/a/..;/b",
    // Empty segments and trailing slashes.
    "//",
    "//a//b//",
    "/a/",
    // Delimiters of RFC 3986 §2.2, parameters of a segment.
    "/~!$&'()*+,;=:@-._/a;v=1;w",
    "/a\\b\\..\\c",
    // Escapes: of a slash, a backslash, a letter, not UTF-8, in either case, or broken.
    "/a%2Fb%5c%61%C3%bc%FF%00",
    "/%/%2/%zz/a%",
    // Queries: empty, with question marks, odd pairs, odd escapes, another URL.
    "/a?",
    "/?",
    "/a??b=?",
    "/a?&&=&a&=b&a==b",
    "/a?b=%zz&c=%&d=%20+%2B",
    "/a?to=http://h:1/p?q=//r/..",
    "/a?x=[]{}|\\^'`",
    "/a?b;c=d,e",
    // As in the path.
    "/a?/../%2e%2e/",
    "/{id}/{*rest}",
    "/a|b^c[d]",
];

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Edits something else, which must not send the target through a parser.
fn edited(request: &mut ModifiableRequest) {
    request.set_header("X-Edited", "yes").set_method("PUT");
}

/// Edits of the query leave the path alone, and the other pairs.
fn appended(request: &mut ModifiableRequest) {
    request.append_query("last", "a b&c").remove_query("absent");
}

#[tokio::test]
async fn targets_arrive_as_they_were_sent() {
    let origin = Origin::named("1");
    let proxies = [
        ("unchanged", dial::proxy([origin.url()], unchanged)),
        ("edited", dial::proxy([origin.url()], edited)),
    ];
    for (handler, proxy) in proxies {
        let both = Both::proxy(proxy).await;
        for (home, addr) in both.homes() {
            for target in TARGETS {
                let row = format!("{target}, {handler}, {home}");
                assert_eq!(client::get(addr, target).await.status, 200, "{row}");
                assert_eq!(last(&origin).target, target, "{row}");
            }
        }
    }
}

#[tokio::test]
async fn an_appended_pair_leaves_the_rest_as_it_was() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], appended)).await;
    for (home, addr) in both.homes() {
        for target in TARGETS {
            let row = format!("{target}, {home}");
            assert_eq!(client::get(addr, target).await.status, 200, "{row}");
            let glue = match target.split_once('?') {
                None => "?",
                Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                Some(_) => "&",
            };
            let expected = format!("{target}{glue}last=a+b%26c");
            assert_eq!(last(&origin).target, expected, "{row}");
        }
    }
}
