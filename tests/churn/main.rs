//! Hosts that change all the time under load: no request fails, and nothing is left behind.
//!
//! There is one test and no other beside it, because what the process has is counted. `DIAL_CHURN_CHANGES=10000` is the
//! long form, and `--nocapture` shows the figures.

mod hosts;
mod origins;

use std::alloc::System;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dial::{HashOn, ModifiableRequest, Policy, PoolConfig, Router, Server, Upstream};
use dial_tests::{eventually, within};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use self::hosts::Hosts;
use self::origins::{Origins, message};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WORKERS: usize = 4;
const CLIENTS: usize = 16;
/// Changes with each policy, unless `DIAL_CHURN_CHANGES` says otherwise; and those before it is counted.
const CHANGES: u32 = 1000;
const WARM_UP: u32 = 500;
/// How soon the connections of a host that was removed are closed.
const SWEEP: Duration = Duration::from_millis(200);
/// For all changes of a policy, on a machine that is busy.
const DEADLINE: Duration = Duration::from_mins(2);
/// Memory that may be held after a round and was not before, whatever the number of changes, and for each: an endpoint is
/// larger.
const SLACK: (usize, u32) = (16 * 1024, 16);
/// Rounds until one leaves nothing: tables keep the size they once needed, and a room to read into may be held by chance,
/// but a leak is there in each.
const ROUNDS: u32 = 4;

/// What tells clients apart, so that each has a key of its own.
const CLIENT: &str = "X-Client";

/// What the process holds.
#[derive(Clone, Copy, Debug)]
struct Usage {
    /// Bytes that are allocated.
    memory: usize,
    /// File descriptors; on Linux.
    files: usize,
}

impl Usage {
    fn now() -> Self {
        let stats = ALLOCATOR.stats();
        let files = std::fs::read_dir("/proc/self/fd");
        Self {
            memory: stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated),
            files: files.map_or(0, Iterator::count),
        }
    }
}

#[test]
fn changes_under_load_lose_nothing_and_leave_nothing() {
    let changes = std::env::var("DIAL_CHURN_CHANGES").ok();
    let changes = changes.map_or(CHANGES, |changes| changes.parse().expect("a number"));
    let header = HashOn::header(CLIENT).expect("a name");
    let policies = [
        ("round robin", Policy::round_robin()),
        ("least request", Policy::least_request()),
        ("consistent hash", Policy::consistent_hash(header)),
    ];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for (name, policy) in policies {
        runtime.block_on(churn(name, policy, changes));
    }
}

async fn churn(name: &str, policy: Policy, changes: u32) {
    let origins = Origins::start();
    let upstream = Upstream::builder().balance(policy).may_be_empty();
    let upstream = upstream.build().expect("an upstream");
    let forward = |request: ModifiableRequest| request;
    let router = Router::new()
        .at("/{*path}", dial::proxy(&upstream, forward))
        // Connections that are not kept are looked for as often.
        .pool(PoolConfig::default().idle_timeout(SWEEP));
    let server = Server::builder()
        .workers(WORKERS)
        .signals(false)
        .bind("127.0.0.1:0", router)
        .expect("loopback");
    let addr = server.local_addr();
    // The workers are threads of their own, which end when this is dropped.
    let _running = server.run();

    let mut hosts = Hosts::new(upstream, origins.urls());
    round(addr, &mut hosts, WARM_UP).await;
    let mut before = settled(&mut hosts, &origins).await;
    for number in 1..=ROUNDS {
        let (mean, worst) = round(addr, &mut hosts, changes).await;
        let after = settled(&mut hosts, &origins).await;
        println!("{name}: {changes} changes of {mean:?}, {worst:?} at most; {before:?}, {after:?}");
        eventually(|| Usage::now().files <= before.files).await;
        if after.memory <= before.memory + SLACK.0 + (SLACK.1 * changes) as usize {
            return;
        }
        assert!(number < ROUNDS, "{name}: it grows with every round");
        before = after;
    }
}

/// Makes as many changes, each when a request was answered after the last one. Tells how long one took, on average and at most.
async fn round(addr: SocketAddr, hosts: &mut Hosts, changes: u32) -> (Duration, Duration) {
    hosts.fill();
    let answered = Arc::new(Notify::new());
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(ask(addr, number, Arc::clone(&answered)));
    }
    let (mut all, mut worst) = (Duration::ZERO, Duration::ZERO);
    let change = async {
        for _ in 0..changes {
            answered.notified().await;
            let began = Instant::now();
            hosts.change();
            let took = began.elapsed();
            (all, worst) = (all + took, worst.max(took));
        }
    };
    tokio::select! {
        () = within(DEADLINE, change) => {}
        Some(ended) = clients.join_next() => panic!("a client has ended: {ended:?}"),
    }
    (all / changes.max(1), worst)
}

/// One request after the other, each of which must succeed.
async fn ask(addr: SocketAddr, number: usize, answered: Arc<Notify>) {
    let request = format!("GET / HTTP/1.1\r\nHost: churn\r\n{CLIENT}: {number}\r\n\r\n");
    let mut stream = TcpStream::connect(addr).await.expect("dial listens");
    let mut received = Vec::new();
    loop {
        stream
            .write_all(request.as_bytes())
            .await
            .expect("dial reads");
        let head = message(&mut stream, &mut received).await;
        let head = head.expect("dial answers");
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        answered.notify_one();
    }
}

/// What is held when nobody asks any more and there are no hosts; then no connection may be left.
async fn settled(hosts: &mut Hosts, origins: &Origins) -> Usage {
    eventually(|| hosts.in_flight() == 0).await;
    hosts.clear();
    eventually(|| origins.open() == 0).await;
    Usage::now()
}
