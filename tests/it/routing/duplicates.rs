//! Two routes that take the same requests: an error at startup that names where both are declared.

use dial::{Definition, ErrorKind, Router, Server, routes};

use super::{answering, route};

const PLAIN: u32 = line!() + 1;
route!(plain, "/d");
const SAME: u32 = line!() + 1;
route!(same, "/d");
const GETS: u32 = line!() + 1;
route!(gets, "/d", methods = [GET, HEAD]);
const HEADS: u32 = line!() + 1;
route!(heads, "/d", methods = [POST, HEAD]);
route!(posts, "/d", methods = [POST]);
const ONE: u32 = line!() + 1;
route!(one, "/d/{_one}");
const OTHER: u32 = line!() + 1;
route!(other, "/d/{_other}");
const REST: u32 = line!() + 1;
route!(rest, "/d/{*_rest}");
const ALL: u32 = line!() + 1;
route!(all, "/d/{*_all}");
const HERE: u32 = line!() + 1;
route!(here, "/d", domain = ["here.test", "There.test"]);
const THERE: u32 = line!() + 1;
route!(there, "/d", domain = "there.test");
const WILD: u32 = line!() + 1;
route!(wild, "/d", domain = "*.there.test");
const WILD_TOO: u32 = line!() + 1;
route!(wild_too, "/d", domain = ["*.There.test"], methods = [GET]);
route!(deeper, "/d/x");
route!(slashed, "/d/");

/// What serving these routes is refused with.
fn refusal(router: Router) -> Option<String> {
    let error = Server::builder().bind("127.0.0.1:0", router).err()?;
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    Some(error.to_string())
}

fn at(line: u32) -> String {
    format!("{}:{line} ", file!())
}

#[test]
fn both_places_are_named() {
    type Pair = [&'static Definition; 2];
    let rows: [(Pair, [u32; 2], &str); 8] = [
        (routes![plain, same], [PLAIN, SAME], "every method"),
        (routes![plain, gets], [PLAIN, GETS], "GET"),
        (routes![gets, heads], [GETS, HEADS], "HEAD"),
        // Names do not tell parameters apart.
        (routes![one, other], [ONE, OTHER], "/d/{_other}"),
        (routes![rest, all], [REST, ALL], "/d/{*_all}"),
        (routes![here, there], [HERE, THERE], "there.test"),
        (routes![wild, wild_too], [WILD, WILD_TOO], "*.there.test"),
        // Once is enough.
        (routes![plain, plain], [PLAIN, PLAIN], "/d"),
    ];
    for (pair, lines, word) in rows {
        let [first, second] = pair;
        for routes in [[first, second], [second, first]] {
            let text =
                refusal(Router::new().mount(routes)).expect("two routes for the same requests");
            for line in lines {
                assert!(text.contains(&at(line)), "{text}");
            }
            assert!(text.contains(word), "{word}: {text}");
        }
        for route in pair {
            assert_eq!(
                refusal(Router::new().mount([route])),
                None,
                "one alone is fine"
            );
        }
    }
}

#[test]
fn routes_made_at_runtime_are_named_by_their_path() {
    let router = || Router::new().at("/d", answering("first"));
    let text = refusal(router().at("/d", answering("second"))).expect("the same path twice");
    assert!(text.contains("Router::at(\"/d\")"), "{text}");
    let text = refusal(router().route::<plain>()).expect("the same path twice");
    assert!(
        text.contains("Router::at(\"/d\")") && text.contains(&at(PLAIN)),
        "{text}"
    );
}

/// Everything else is an overlap, and legal: the more specific route wins.
#[test]
fn overlaps_are_no_duplicates() {
    let rows = [
        routes![gets, posts].to_vec(),
        routes![plain, here, wild].to_vec(),
        routes![there, wild].to_vec(),
        routes![one, rest, deeper, slashed, plain].to_vec(),
        routes![gets, posts, one, rest, deeper, slashed, here, wild].to_vec(),
    ];
    for routes in rows {
        assert_eq!(
            refusal(Router::new().mount(routes.clone())),
            None,
            "{routes:?}"
        );
    }
}
