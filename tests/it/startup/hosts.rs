//! Lists of hosts, from code and from the environment, that cannot work.

use dial::{ErrorKind, ModifiableRequest, Router, Upstream, proxy, routes};
use dial_tests::{Origin, client};

use super::{assert_says, chain, refusal};
use crate::child::Child;

fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Lists as they stand in code, and what is said about each.
const LISTS: [(&[&str], &[&str]); 16] = [
    (&[], &["empty"]),
    (&[""], &["hosts[0]", "empty"]),
    (&["a", " b"], &["hosts[1]", "' '"]),
    (&["a,b"], &["hosts[0]", "`,`"]),
    (&["a", "ftp://b"], &["hosts[1]", "unknown scheme `ftp`"]),
    (&["http://"], &["hosts[0]", "name is missing"]),
    (&["http://a/path"], &["hosts[0]", "`/path`"]),
    (&["http://a?query"], &["hosts[0]", "`?query`"]),
    (&["http://user:secret@a"], &["hosts[0]", "`@`"]),
    (&["a:0"], &["hosts[0]", "`0` is not a port"]),
    (&["a:65536"], &["hosts[0]", "`65536` is not a port"]),
    (&["a:http"], &["hosts[0]", "`http` is not a port"]),
    (&["::1"], &["hosts[0]", "brackets"]),
    (&["[::1"], &["hosts[0]", "`[` without `]`"]),
    (&["a..b"], &["hosts[0]", "a..b"]),
    (
        &["a", "b", "http://A:80"],
        &["hosts[2]", "same as hosts[0]"],
    ),
];

#[test]
fn a_list_in_code() {
    for (list, words) in LISTS {
        let error = dial::try_proxy(list, forward).expect_err("a bad list");
        assert_eq!(error.kind(), ErrorKind::Config, "{list:?}");
        let text = chain(&error);
        assert_says(&text, words);
        assert!(!text.contains("secret"), "{text}");
        if list.is_empty() {
            continue;
        }
        // While it runs the same is wrong, and changes nothing.
        let upstream = Upstream::new(["old"]).expect("a host");
        let error = upstream.set_hosts(list).expect_err("a bad list");
        assert_says(&chain(&error), words);
        assert_eq!(upstream.hosts(), ["http://old:80"]);
    }
}

#[test]
#[should_panic(expected = "dial::proxy: the list of hosts is empty")]
fn an_empty_list_for_proxy() {
    let _ = proxy([""; 0], forward);
}

fn none() -> Vec<String> {
    Vec::new()
}

#[proxy("/computed", hosts = none(), register = false)]
fn computed_none(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[proxy("/computed", hosts = ["good".to_owned(), "gopher://bad".to_owned()], register = false)]
fn computed_bad(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[proxy("/unset", hosts_env = "DIAL_TEST_SURELY_UNSET", register = false)]
fn from_unset(request: ModifiableRequest) -> ModifiableRequest {
    request
}

// Always set where there is a cargo, and never a list of hosts.
#[proxy("/malformed", hosts_env = "PATH", register = false)]
fn from_path(request: ModifiableRequest) -> ModifiableRequest {
    request
}

dial::upstream! {
    static UNSET = env("DIAL_TEST_SURELY_UNSET"), balance = least_request;
    static WEIGHTLESS = [("good", weight = u32::from(none().is_empty()) - 1)];
}

#[proxy("/static", upstream = UNSET, register = false)]
fn from_static(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[proxy("/weightless", upstream = WEIGHTLESS, register = false)]
fn weightless(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Found when the server is built, before it is bound; the route and its place are named.
#[test]
fn a_list_of_a_route() {
    let cases = [
        (
            Router::new().mount(routes![computed_none]),
            ["`computed_none`", "empty"],
        ),
        (
            Router::new().mount(routes![computed_bad]),
            ["`computed_bad`", "hosts[1]"],
        ),
        (
            Router::new().mount(routes![from_unset]),
            ["`from_unset`", "`DIAL_TEST_SURELY_UNSET`"],
        ),
        (
            Router::new().mount(routes![from_path]),
            ["`from_path`", "`PATH`"],
        ),
    ];
    let statics = [
        (
            Router::new().mount(routes![from_static]),
            ["`UNSET`", "`DIAL_TEST_SURELY_UNSET`"],
        ),
        (
            Router::new().mount(routes![weightless]),
            ["`WEIGHTLESS`", "weight of 0"],
        ),
    ];
    for (router, words) in cases.into_iter().chain(statics) {
        let (kind, text) = refusal(router);
        assert_eq!(kind, ErrorKind::Config, "{text}");
        assert_says(&text, &words);
        assert_says(&text, &[file!()]);
    }
}

#[tokio::test]
async fn a_variable_of_the_environment() {
    let bad = [
        (None, "lists no hosts"),
        (Some(""), "empty"),
        (Some(" , ,"), "empty"),
        (Some("127.0.0.1:1,ftp://x"), "unknown scheme"),
        (Some("127.0.0.1:1,127.0.0.1:1"), "same as"),
        (Some("127.0.0.1:1;127.0.0.1:2"), "127.0.0.1:1;127.0.0.1:2"),
    ];
    for (hosts, what) in bad {
        let why = Child::from_environment(hosts)
            .await
            .err()
            .expect("no hosts");
        assert_says(&why, &["DIAL_CHILD_HOSTS", "from_environment", what]);
        assert!(!why.contains("panicked"), "{why}");
    }
    let origins = ["1", "2"].map(Origin::named);
    let [first, second] = origins.each_ref().map(Origin::url);
    for list in [format!("{first},{second}"), format!(" {first} , {second},")] {
        let child = Child::from_environment(Some(&list))
            .await
            .expect("two hosts");
        for expected in ["1", "2", "1", "2"] {
            assert_eq!(
                client::get(child.addr, "/").await.origin(),
                expected,
                "{list}"
            );
        }
    }
}

#[test]
fn a_network_to_trust() {
    for network in [
        "",
        "10.0.0.0/33",
        "10.0.0/8",
        "::/129",
        "localhost",
        "10.0.0.0/8,10.1.0.0/16",
    ] {
        let errors = [
            Router::new()
                .trust(["127.0.0.1", network])
                .expect_err(network),
            proxy(["a"], forward).trust([network]).expect_err(network),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Config);
            assert_says(&error.to_string(), &[&format!("`{network}`")]);
        }
    }
    for network in [
        "10.0.0.0/8",
        "192.0.2.7",
        "2001:db8::/32",
        "::1",
        " 127.0.0.1 ",
    ] {
        Router::new().trust([network]).expect(network);
    }
}
