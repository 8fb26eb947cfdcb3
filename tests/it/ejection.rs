//! Hosts that fail requests get none for a while: over real sockets, with everything an endpoint can do wrong.
//!
//! Where a host has to stay out, it is out for an hour; where it has to come back, the test asks until it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dial::{Ejection, HostStatus, ModifiableRequest, Timeouts, Upstream};
use dial_tests::wait::DEADLINE;
use dial_tests::{Answer, ClosedPort, Log, Origin, RawClient, RawResponse, Script, client, within};

use crate::harness::{Served, held};

const SOON: Duration = Duration::from_millis(50);
/// What a healthy host is surely done within.
const PATIENCE: Duration = Duration::from_millis(500);
const HOUR: Duration = Duration::from_hours(1);
/// Failures until a host is out.
const FAILURES: usize = 3;

fn ejection() -> Ejection {
    Ejection::new().consecutive(3).base_time(HOUR)
}

fn upstream(hosts: &[&str], ejection: Ejection) -> Upstream {
    let upstream = Upstream::builder().hosts(hosts).eject(ejection).build();
    upstream.expect("hosts")
}

fn serve(upstream: &Upstream, timeouts: Timeouts) -> Served {
    let forward = |request: ModifiableRequest| request;
    Served::proxy(dial::proxy(upstream, forward).timeouts(timeouts))
}

fn out(upstream: &Upstream) -> Vec<bool> {
    let is_out = |host: &HostStatus| host.ejected_for.is_some();
    upstream.status().iter().map(is_out).collect()
}

/// An origin that answers 503 while it is sick.
fn patient() -> (Origin, Arc<AtomicBool>) {
    let sick = Arc::new(AtomicBool::new(true));
    let shared = Arc::clone(&sick);
    let origin = Origin::answering(move |_| match shared.load(Ordering::Relaxed) {
        true => Answer::new(503),
        false => Answer::ok("well"),
    });
    (origin, sick)
}

/// One of two hosts is bad in its own way: it is out after so many failures, which clients see as `seen`, and the other one
/// gets all that follows.
async fn goes_out(name: &str, bad: &str, seen: u16, timeouts: Timeouts) {
    let good = Origin::named("good");
    let upstream = upstream(&[bad, &good.url()], ejection());
    let served = serve(&upstream, timeouts);
    for failure in 0..FAILURES {
        assert_eq!(out(&upstream), [false, false], "{name}: {failure}");
        let response = client::get(served.addr, "/").await;
        assert_eq!(response.status, seen, "{name}: {failure}");
        // The good one's turn, which a request that is sent on does not take.
        assert_eq!(client::get(served.addr, "/").await.status, 200, "{name}");
    }
    assert_eq!(out(&upstream), [true, false], "{name}");
    let before = good.count();
    for _ in 0..10 {
        assert_eq!(client::get(served.addr, "/").await.status, 200, "{name}");
    }
    assert_eq!(good.count(), before + 10, "{name}");
}

#[tokio::test]
async fn one_that_answers_503_is_out() {
    let (bad, _) = patient();
    goes_out("503", &bad.url(), 503, Timeouts::default()).await;
    assert_eq!(bad.count(), FAILURES);
}

#[tokio::test]
async fn one_that_resets_is_out() {
    let bad = Origin::raw(Script::new().read_head().reset());
    goes_out("reset", &bad.url(), 502, Timeouts::default()).await;
    assert_eq!(bad.connections(), FAILURES);
}

#[tokio::test]
async fn one_that_does_not_speak_http_is_out() {
    let bad = Origin::raw(
        Script::new()
            .read_head()
            .write("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    );
    goes_out("other protocol", &bad.url(), 502, Timeouts::default()).await;
}

#[tokio::test]
async fn one_that_hangs_is_out() {
    let bad = Origin::raw(Script::new().read_head().hang());
    let timeouts = Timeouts::default().response(PATIENCE);
    goes_out("hangs", &bad.url(), 504, timeouts).await;
    assert_eq!(bad.connections(), FAILURES);
}

/// Whichever timeout ends the wait.
#[tokio::test]
async fn one_that_outlasts_the_total_timeout_is_out() {
    let bad = Origin::raw(Script::new().read_head().hang());
    let timeouts = Timeouts::default().total(PATIENCE);
    goes_out("hangs", &bad.url(), 504, timeouts).await;
}

/// No client sees it: the request is known to be unsent.
#[tokio::test]
async fn one_that_refuses_is_out() {
    let bad = ClosedPort::new();
    let url = format!("http://{}", bad.addr());
    goes_out("refuses", &url, 200, Timeouts::default()).await;
}

/// A head that is all right is no success if its body breaks off, or comes to a halt.
#[tokio::test]
async fn one_whose_bodies_break_off_is_out() {
    let half = |status| {
        let head = format!("HTTP/1.1 {status} Any\r\nContent-Length: 10\r\n\r\nhalf");
        Script::new().read_head().write(head)
    };
    for (name, script) in [
        ("closed", half(200)),
        ("reset", half(200).reset()),
        ("halted", half(200).hang()),
        ("a failure anyhow, and one only", half(503)),
    ] {
        let (bad, good) = (Origin::raw(script), Origin::named("good"));
        let upstream = upstream(&[&bad.url(), &good.url()], ejection());
        let served = serve(&upstream, Timeouts::default().body(SOON));
        for _ in 0..FAILURES {
            assert_eq!(out(&upstream), [false, false], "{name}");
            let mut client = RawClient::connect(served.addr).await;
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            client.read_cut_response().await;
            assert_eq!(client::get(served.addr, "/").await.origin(), "good");
        }
        assert_eq!(out(&upstream), [true, false], "{name}");
        for _ in 0..4 {
            assert_eq!(client::get(served.addr, "/").await.origin(), "good");
        }
        assert_eq!(bad.connections(), FAILURES, "{name}");
    }
}

/// Clients that leave while they wait, or within a response, say nothing about the endpoint; nor do bodies that never come.
#[tokio::test]
async fn what_a_client_does_is_not_held_against_a_host() {
    let (held, _gate) = held();
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let halting = Origin::raw(Script::new().read_head().write(half).hang());
    let waiting = Origin::raw(Script::new().read_head().hang());
    let other = Origin::named("other");
    for (origin, get) in [(&held, true), (&halting, true), (&waiting, false)] {
        let upstream = upstream(&[&origin.url(), &other.url()], ejection().consecutive(1));
        let served = serve(&upstream, Timeouts::default());
        for _ in 0..5 {
            let connections = origin.connections();
            let mut client = RawClient::connect(served.addr).await;
            let request: &[u8] = match get {
                true => b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                false => b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
            };
            client.send(request).await;
            origin.connected(connections + 1).await;
            if origin.url() == halting.url() {
                client.read_head().await;
            }
            client.reset();
            // dial has noticed.
            origin.closed(connections).await;
            client::get(served.addr, "/").await;
        }
        assert_eq!(out(&upstream), [false, false]);
    }
}

#[tokio::test]
async fn no_more_than_half_of_them_are_out() {
    let sick: [Origin; 3] = std::array::from_fn(|_| patient().0);
    let good = Origin::named("good");
    let mut hosts: Vec<_> = sick.iter().map(Origin::url).collect();
    hosts.push(good.url());
    let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
    let upstream = upstream(&hosts, ejection());
    let served = serve(&upstream, Timeouts::default());
    let mut served_well = 0;
    for _ in 0..60 {
        let RawResponse { status, .. } = client::get(served.addr, "/").await;
        served_well += usize::from(status == 200);
        let out = out(&upstream).iter().filter(|out| **out).count();
        assert!(out <= 2, "{out} are out");
    }
    assert_eq!(out(&upstream).iter().filter(|out| **out).count(), 2);
    assert!(!out(&upstream)[3], "the healthy one stays");
    // Of four at first, and of two once two are out.
    assert!(served_well > 20, "{served_well} of 60");
}

/// Out, back on trial and out again, for twice as long; healed it stays. Every change is told, and told once.
#[tokio::test]
async fn it_comes_back_and_each_relapse_is_longer() {
    let log = Log::of("dial::upstream");
    let (bad, sick) = patient();
    let good = Origin::named("good");
    let rules = ejection().base_time(SOON).max_time(HOUR);
    let upstream = upstream(&[&bad.url(), &good.url()], rules);
    let served = serve(&upstream, Timeouts::default());
    let url = bad.url();
    let lines = |word: &str| {
        let lines = log.lines(&url);
        let count = lines.iter().filter(|line| line.contains(word)).count();
        (count, lines)
    };
    let ask_until = async |word: &str, times: usize| {
        let asking = async {
            while lines(word).0 < times {
                client::get(served.addr, "/").await;
            }
        };
        within(DEADLINE, asking).await;
    };
    // A relapse that comes too late for that is forgiven: then there is another one.
    ask_until("time=100ms", 1).await;
    let ejections = lines("cause=").0;
    sick.store(false, Ordering::Relaxed);
    ask_until("back after", ejections).await;
    assert_eq!(out(&upstream), [false, false]);
    let healed = bad.count();
    for _ in 0..20 {
        assert_eq!(client::get(served.addr, "/").await.status, 200);
    }
    assert_eq!(bad.count(), healed + 10, "it has all of its turns");

    let (count, lines) = lines("");
    assert_eq!(count, 2 * ejections, "{lines:#?}");
    for pair in lines.chunks(2) {
        assert!(
            pair[0].contains("cause=\"consecutive failures\""),
            "{lines:#?}"
        );
        assert!(pair[1].contains("back after"), "{lines:#?}");
    }
}

/// A host that is back gets a tenth of its turns at first.
#[tokio::test]
async fn it_comes_back_in_slow_start() {
    let (bad, sick) = patient();
    let good = Origin::named("good");
    let hosts = [bad.url(), good.url()];
    let rules = ejection().base_time(SOON);
    let builder = Upstream::builder().hosts(&hosts).eject(rules).seed(1);
    let upstream = builder.slow_start(HOUR).build().expect("hosts");
    let served = serve(&upstream, Timeouts::default());
    while !out(&upstream)[0] {
        client::get(served.addr, "/").await;
    }
    sick.store(false, Ordering::Relaxed);
    let failures = bad.count();
    let asking = async {
        while bad.count() == failures {
            client::get(served.addr, "/").await;
        }
    };
    within(DEADLINE, asking).await;
    let before = bad.count();
    for _ in 0..200 {
        client::get(served.addr, "/").await;
    }
    // Of a hundred turns about ten; the seed makes the draws the same each time, but not when they begin.
    let turns = bad.count() - before;
    assert!((1..40).contains(&turns), "{turns}");
}
