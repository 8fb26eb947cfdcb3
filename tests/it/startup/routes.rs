//! Routes: none, or with a state nobody gave; and the table that is printed of those that are right.

use dial::{ErrorKind, ModifiableRequest, Router, Server, State, proxy, routes};
use dial_tests::Log;

use super::{assert_says, refusal};

#[test]
fn an_empty_registry_names_the_likely_causes() {
    let (kind, text) = refusal(Router::registered().only("no_such_crate"));
    assert_eq!(kind, ErrorKind::Config);
    assert_says(
        &text,
        &[
            "no route",
            "`#[proxy]`",
            "register = false",
            "use that_crate as _;",
            "static library",
            "routes![",
        ],
    );
}

#[test]
fn an_empty_router_is_not_mistaken_for_the_registry() {
    let (kind, text) = refusal(Router::new());
    assert_eq!(kind, ErrorKind::Config);
    assert_says(&text, &["no route"]);
    assert!(!text.contains("static library"), "{text}");
}

#[derive(Clone)]
struct Given;

#[derive(Clone)]
struct Missing;

#[proxy("/stated", hosts = ["a"], register = false)]
fn stated(
    request: ModifiableRequest,
    _given: State<Given>,
    _: State<Missing>,
) -> ModifiableRequest {
    request
}

#[test]
fn a_missing_state_names_its_type_and_the_route() {
    let closure = |request: ModifiableRequest, _: State<Missing>| request;
    let mounted = || Router::new().at("/closure", proxy(["a"], closure));
    let declared = || Router::new().mount(routes![stated]).state(Given);
    let cases = [
        (declared(), "`stated`", file!()),
        (mounted(), "`/closure`", ""),
        (mounted().state(Given), "`/closure`", ""),
    ];
    for (router, route, place) in cases {
        let (kind, text) = refusal(router);
        assert_eq!(kind, ErrorKind::Config, "{text}");
        assert_says(&text, &["Missing", route, place]);
        assert!(!text.contains("Given"), "{text}");
    }
    for router in [declared(), mounted()] {
        Server::builder()
            .bind("127.0.0.1:0", router.state(Missing))
            .expect("nothing is missing");
    }
}

/// What is wrong with a route comes before what is wrong with the address: nothing is bound for it.
#[test]
fn routes_are_checked_before_the_address() {
    let error = Server::builder()
        .bind("no address", Router::new())
        .expect_err("both are wrong");
    assert_eq!(error.kind(), ErrorKind::Config);
}

const USERS: u32 = line!() + 1;
#[proxy(
    path = "/startup/users/{_id}",
    methods = [GET, POST],
    domain = ["startup.test", "*.startup.test"],
    hosts = ["http://b.test:8080", "127.0.0.1:9"],
    register = false
)]
fn users(request: ModifiableRequest) -> ModifiableRequest {
    request
}

const REST: u32 = line!() + 1;
#[proxy("/startup/{*_rest}", hosts = ["c.test"], name = "the-rest", register = false)]
fn rest(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// One line a route, in the order of paths, with all that tells them apart and where each is from.
#[tokio::test]
async fn the_table_of_routes_is_logged() {
    let log = Log::of("dial");
    let shared = proxy(["d.test"], |request: ModifiableRequest| request);
    let router = Router::new()
        .mount(routes![rest, users])
        .at("/startup/mounted", shared);
    Server::builder()
        .bind("127.0.0.1:0", router)
        .expect("a free port");

    let krate = module_path!().split("::").next().expect("a crate");
    let declared = |line| format!("declared=\"{}:{line} in crate {krate}\"", file!());
    let lines = log.lines("path=\"/startup/");
    let table: [&[&str]; 3] = [
        &[
            "path=\"/startup/mounted\"",
            "methods=\"any\"",
            "domains=\"any\"",
            "hosts=\"http://d.test:80\"",
            "declared=\"Router::at(",
        ],
        &[
            "route=\"users\"",
            "path=\"/startup/users/{_id}\"",
            "methods=\"GET,POST\"",
            "domains=\"startup.test,*.startup.test\"",
            "hosts=\"http://b.test:8080,http://127.0.0.1:9\"",
            &declared(USERS),
        ],
        &[
            "route=\"the-rest\"",
            "path=\"/startup/{*_rest}\"",
            "methods=\"any\"",
            "domains=\"any\"",
            "hosts=\"http://c.test:80\"",
            &declared(REST),
        ],
    ];
    assert_eq!(lines.len(), table.len(), "{lines:#?}");
    for (line, words) in lines.iter().zip(table) {
        assert_says(line, words);
        assert_says(line, &["INFO "]);
    }
}
