mod play;

use std::time::Duration;

use http::Method;
use tokio::time::{Instant, sleep};

use self::play::Then::{self, Answers, Breaks, Unsent};
use self::play::{FOREVER, Late, outbound, race, race_of, target};
use super::Course;
use crate::body::Body;
use crate::config::{Hedge, Retry, RetryOn};
use crate::error::{Error, ErrorKind};
use crate::handler::Hop;
use crate::proxy::retry::Retries;
use crate::upstream::{Tried, Upstream};

fn retry() -> Retry {
    Retry::default().hedge(Hedge::after(Duration::from_millis(50)))
}

fn upstream(hosts: usize) -> Upstream {
    let hosts: Vec<_> = (0..hosts).map(|number| format!("h{number}")).collect();
    Upstream::new(hosts).expect("hosts")
}

/// What it is about, the number of endpoints, what the attempts do, and what is told of them.
type Case<'a> = (&'a str, usize, Retry, &'a [(u64, Then)], &'a str);

async fn check(cases: &[Case<'_>]) {
    for (name, hosts, retry, script, expected) in cases {
        let told = race(&upstream(*hosts), *retry, Body::empty(), script).await;
        assert_eq!(told, *expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_good_response_wins() {
    let only_unsent = retry().on([RetryOn::Connect]);
    check(&[
        (
            "in time",
            2,
            retry(),
            &[(49, Answers(200))],
            "0 starts 0, 49 200",
        ),
        (
            "too late",
            2,
            retry(),
            &[(FOREVER, Breaks), (10, Answers(200))],
            "0 starts 0, 50 starts 1, 60 drops 0, 60 200",
        ),
        (
            "late, and first all the same",
            2,
            retry(),
            &[(55, Answers(404)), (10, Answers(200))],
            "0 starts 0, 50 starts 1, 55 drops 1, 55 404",
        ),
        (
            "a bad response is no win",
            2,
            retry(),
            &[(55, Answers(503)), (10, Answers(200))],
            "0 starts 0, 50 starts 1, 60 200",
        ),
        (
            "but one that `on` does not name is good",
            2,
            only_unsent,
            &[(55, Answers(503)), (10, Answers(200))],
            "0 starts 0, 50 starts 1, 55 drops 1, 55 503",
        ),
        (
            "a failure is no win",
            2,
            retry(),
            &[(60, Answers(200)), (5, Breaks)],
            "0 starts 0, 50 starts 1, 60 200",
        ),
        (
            "one that is unsent goes on",
            3,
            retry(),
            &[(FOREVER, Breaks), (5, Unsent), (10, Answers(200))],
            "0 starts 0, 50 starts 1, 55 starts 2, 65 drops 0, 65 200",
        ),
        (
            "unless that was the last endpoint",
            2,
            retry(),
            &[(90, Answers(200)), (5, Unsent)],
            "0 starts 0, 50 starts 1, 90 200",
        ),
    ])
    .await;
}

/// Then it is as if the last one had been the only one.
#[tokio::test(start_paused = true)]
async fn none_is_good() {
    check(&[
        (
            "at once",
            2,
            retry(),
            &[(10, Answers(503))],
            "0 starts 0, 10 503",
        ),
        (
            "broken",
            2,
            retry(),
            &[(10, Breaks)],
            "0 starts 0, 10 broken",
        ),
        (
            "unsent",
            2,
            retry(),
            &[(10, Unsent)],
            "0 starts 0, 10 unsent",
        ),
        (
            "the last one",
            2,
            retry(),
            &[(70, Answers(502)), (5, Answers(503))],
            "0 starts 0, 50 starts 1, 70 502",
        ),
        (
            "whatever it is",
            2,
            retry(),
            &[(70, Breaks), (5, Answers(503))],
            "0 starts 0, 50 starts 1, 70 broken",
        ),
        (
            "but one that has reached its endpoint",
            2,
            retry(),
            &[(52, Answers(503)), (5, Unsent)],
            "0 starts 0, 50 starts 1, 55 503",
        ),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_more_than_there_may_be() {
    let many = retry().hedge(Hedge::after(Duration::from_millis(50)).most(3));
    let slow = &[(100, Answers(200))];
    check(&[
        (
            "hedges",
            9,
            many.attempts(9),
            &[
                (250, Answers(200)),
                (FOREVER, Breaks),
                (FOREVER, Breaks),
                (FOREVER, Breaks),
            ],
            "0 starts 0, 50 starts 1, 100 starts 2, 150 starts 3, \
             250 drops 1, 250 drops 2, 250 drops 3, 250 200",
        ),
        (
            "attempts",
            9,
            many.attempts(2),
            &[(250, Answers(200)), (FOREVER, Breaks)],
            "0 starts 0, 50 starts 1, 250 drops 1, 250 200",
        ),
        ("endpoints", 1, many, slow, "0 starts 0, 100 200"),
        (
            "budget",
            9,
            many.budget(0).min_per_second(0),
            slow,
            "0 starts 0, 100 200",
        ),
        (
            "budget for one",
            9,
            many.budget(100).min_per_second(0),
            &[(250, Answers(200)), (FOREVER, Breaks)],
            "0 starts 0, 50 starts 1, 250 drops 1, 250 200",
        ),
    ])
    .await;
}

/// It is a further attempt no more than another that reaches no endpoint.
#[tokio::test(start_paused = true)]
async fn a_hedge_that_reaches_no_endpoint_is_free() {
    for (hosts, script, paid) in [
        (2, &[(90, Answers(200)), (5, Unsent)][..], false),
        (2, &[(52, Answers(503)), (5, Unsent)], false),
        (2, &[(90, Answers(503)), (60, Unsent)], false),
        (3, &[(90, Answers(200)), (5, Unsent), (5, Unsent)], false),
        (3, &[(90, Answers(200)), (5, Unsent), (5, Breaks)], true),
        (2, &[(90, Answers(200)), (5, Breaks)], true),
    ] {
        let retries = Retries::new(retry().budget(0).min_per_second(1));
        let told = race_of(&retries, &upstream(hosts), Body::empty(), script).await;
        let draft = &mut outbound(Method::GET, Body::empty()).draft;
        let now = Instant::now();
        let next = Course::begin(&retries, draft, now).take(now);
        assert_eq!(next.is_none(), paid, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_hedged_once_it_was_read() {
    let late = || {
        Body::new(Late {
            timer: Box::pin(sleep(Duration::from_millis(300))),
            parts: vec!["lo", "hel"],
        })
    };
    let script = [(FOREVER, Breaks), (10, Answers(200))];
    let told = race(&upstream(2), retry(), late(), &script).await;
    assert_eq!(
        told,
        "0 starts 0, 300 reads hello, 350 starts 1, 350 reads hello, 360 drops 0, 360 200"
    );
    // One that is not kept is sent once.
    let script = [(100, Answers(200))];
    let told = race(&upstream(2), retry().buffer(4), late(), &script).await;
    assert_eq!(told, "0 starts 0, 300 reads hello, 400 200");
}

/// Whoever looks at latencies would prefer it else, because it never answers.
#[tokio::test(start_paused = true)]
async fn a_loser_is_known_to_be_slow() {
    let upstream = upstream(2);
    let script = [(FOREVER, Breaks), (10, Answers(200))];
    race(&upstream, retry(), Body::empty(), &script).await;
    let tried = Tried::none();
    let target = target(&upstream);
    // In turn: the second one has won.
    let latencies = [(); 2].map(|()| {
        let turn = target.turn_at_once(&tried).expect("one");
        turn.endpoint.load().latency(Instant::now())
    });
    assert_eq!(latencies, [None, Some(Duration::from_millis(60))]);
}

#[tokio::test(start_paused = true)]
async fn a_sick_endpoint_is_not_asked_as_well() {
    let upstream = upstream(2);
    let tried = Tried::none();
    let target = target(&upstream);
    let sick = target.turn_at_once(&tried).expect("an endpoint").endpoint;
    for _ in 0..5 {
        let error = Error::new(ErrorKind::Disconnected, "it failed");
        upstream.attempt(&sick).failed(&sick, &error);
    }
    assert!(!sick.health().is_up(Instant::now()));
    let told = race(&upstream, retry(), Body::empty(), &[(100, Answers(200))]).await;
    assert_eq!(told, "0 starts 0, 100 200");
}

#[tokio::test]
async fn only_what_may_be_sent_twice() {
    let hedges = |retry: Retry, method: Method, hop: &Hop| {
        let retries = Retries::new(retry);
        let mut outbound = outbound(method, Body::from("x"));
        Course::begin(&retries, &mut outbound.draft, Instant::now())
            .hedge(hop)
            .is_some()
    };
    let plain = Hop::default();
    let upgrade = Hop {
        upgrade: Some(Box::new(http::HeaderValue::from_static("websocket"))),
        ..Hop::default()
    };
    let connect = Hop {
        connect: Some(Box::new(http::uri::Authority::from_static("a:1"))),
        ..Hop::default()
    };
    for (expected, retry, method, hop) in [
        (true, retry(), Method::GET, &plain),
        (true, retry(), Method::PUT, &plain),
        (true, retry().on([RetryOn::Connect]), Method::GET, &plain),
        (true, retry().any_method(), Method::POST, &plain),
        (false, retry(), Method::POST, &plain),
        (false, retry().attempts(1), Method::GET, &plain),
        (false, Retry::default(), Method::GET, &plain),
        (false, retry(), Method::GET, &upgrade),
        (false, retry().any_method(), Method::CONNECT, &connect),
    ] {
        assert_eq!(
            hedges(retry, method.clone(), hop),
            expected,
            "{method} {retry:?}"
        );
    }
}

#[test]
fn its_bounds() {
    let millisecond = Duration::from_millis(1);
    assert_eq!(Hedge::after(Duration::ZERO), Hedge::after(millisecond));
    let hedge = Hedge::after(millisecond);
    assert_eq!(
        (hedge.most, hedge.most(0).most, hedge.most(99).most),
        (1, 1, 3)
    );
}
