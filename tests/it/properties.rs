//! Properties over sockets: what nobody touches arrives byte for byte.

use std::net::SocketAddr;

use dial::ModifiableRequest;
use dial_tests::{Origin, RawClient};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::harness::Both;

#[derive(Clone, Debug)]
struct Sent {
    method: &'static str,
    target: String,
    fields: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

/// What a client may send: odd escapes, dots, empty segments, repeated fields, any bytes in a body.
fn requests() -> impl Strategy<Value = Sent> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "X-ODD"]);
    let target = "/[!-~]{0,60}(\\?[!-~]{0,60})?".prop_filter("a request target", |target| {
        !target.contains('#') && target.parse::<dial::Uri>().is_ok()
    });
    let name = prop::sample::select(vec!["x-a", "x-b", "cookie", "accept", "if-match"]);
    let fields = prop::collection::vec((name, "[!-~]([ -~]{0,20}[!-~])?"), 0..6);
    let body = prop::option::of(prop::collection::vec(any::<u8>(), 0..200));
    (method, target, fields, body).prop_map(|(method, target, fields, body)| Sent {
        method,
        target,
        fields,
        body,
    })
}

async fn exchange(client: &mut RawClient, sent: &Sent) {
    let mut raw = format!("{} {} HTTP/1.1\r\nHost: a\r\n", sent.method, sent.target).into_bytes();
    for (name, value) in &sent.fields {
        raw.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    if let Some(body) = &sent.body {
        raw.extend(format!("Content-Length: {}\r\n", body.len()).into_bytes());
    }
    raw.extend(b"\r\n");
    raw.extend(sent.body.iter().flatten());
    client.send(raw).await;
    assert_eq!(client.read_response().await.status, 200, "{sent:?}");
}

/// Sends many requests through both homes; `check` compares each with what the origin received.
fn holds(handler: fn(&mut ModifiableRequest), check: fn(&Sent, &dial_tests::Recorded)) {
    let runtime = Runtime::new().expect("a runtime");
    let origin = Origin::named("1");
    let both = runtime.block_on(async { Both::proxy(dial::proxy([origin.url()], handler)).await });
    for (_, addr) in both.homes() {
        run(&runtime, addr, &origin, check);
    }
    let _entered = runtime.enter();
    drop(both);
}

fn run(
    runtime: &Runtime,
    addr: SocketAddr,
    origin: &Origin,
    check: fn(&Sent, &dial_tests::Recorded),
) {
    let client = std::cell::RefCell::new(runtime.block_on(RawClient::connect(addr)));
    let config = Config {
        cases: 512,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&requests(), |sent| {
        let before = origin.count();
        runtime.block_on(exchange(&mut client.borrow_mut(), &sent));
        let received = runtime.block_on(origin.requested(before + 1));
        check(&sent, &received[before]);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

fn same_message(sent: &Sent, received: &dial_tests::Recorded) {
    assert_eq!(received.method, sent.method);
    assert_eq!(received.body, sent.body.clone().unwrap_or_default());
    for (name, _) in &sent.fields {
        let of_name = sent.fields.iter().filter(|(other, _)| other == name);
        let expected: Vec<_> = of_name.map(|(_, value)| value.as_str()).collect();
        assert_eq!(received.headers.all(name), expected, "{name}");
    }
}

#[test]
fn a_request_that_nobody_touches_arrives_byte_for_byte() {
    holds(
        |_| {},
        |sent, received| {
            assert_eq!(received.target, sent.target);
            same_message(sent, received);
        },
    );
}

#[test]
fn a_rewritten_path_leaves_everything_else() {
    holds(
        |request| {
            request
                .rewrite_uri("//other.example/p")
                .add_header("x-own", "1");
        },
        |sent, received| {
            let query = sent
                .target
                .split_once('?')
                .map(|(_, query)| format!("?{query}"));
            // A path, whatever it looks like: it came to the origin that was configured.
            let path = "//other.example/p";
            assert_eq!(
                received.target,
                format!("{path}{}", query.unwrap_or_default())
            );
            assert_eq!(received.headers.all("x-own"), ["1"]);
            same_message(sent, received);
        },
    );
}
