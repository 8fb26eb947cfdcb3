//! How many system calls dial makes for a request: exact where the kernel leaves no choice, so that nothing adds one
//! unnoticed.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;

use dial_tests::{Exchange, SteadyClient, eventually};

use crate::gateway::Gateway;
use crate::process::show;
use crate::tools::scratch;

/// Until there is a connection to the origin.
const WARM_UP: usize = 20;
const REQUESTS: usize = 200;

/// Waits of a whole measurement that no request causes: once a second a timer runs out and is set anew.
const BACKGROUND: usize = REQUESTS / 5;

/// One load, and what a request of it may cost.
struct Row {
    name: &'static str,
    exchange: Exchange,
    reads: RangeInclusive<usize>,
    writes: RangeInclusive<usize>,
    /// Each until there is something to read or room to write.
    waits: RangeInclusive<usize>,
}

const READS: [&str; 2] = ["recvfrom", "readv"];
const WRITES: [&str; 3] = ["sendto", "sendmsg", "writev"];
/// No socket is written to by a plain `write`: with that the runtime ends its own wait.
const WAITS: [&str; 2] = ["epoll_wait", "write"];

fn table() -> [Row; 3] {
    // The request is read and written, the response is read and written, and each is waited for.
    let least = |name, exchange| Row {
        name,
        exchange,
        reads: 2..=2,
        writes: 2..=2,
        waits: 2..=2,
    };
    [
        least("70 bytes down", Exchange::get(70)),
        least("1 KiB up", Exchange::post(1024)),
        Row {
            // It may come in pieces, as the kernel likes, but not in many.
            reads: 2..=4,
            writes: 2..=4,
            waits: 2..=4,
            ..least("64 KiB down", Exchange::get(64 * 1024))
        },
    ]
}

/// More calls than a row allows: something on the path of every request makes one that did not. Avoid it; if it is worth
/// its cost, change the number above and in ARCHITECTURE.md, and say why in the commit.
#[tokio::test]
async fn calls_of_a_request() {
    let mut faults = Vec::new();
    for row in table() {
        let mut calls = calls(&row.exchange).await;
        let found = format!("{}, {REQUESTS} requests: {calls:?}", row.name);
        show("calls", &found);
        let kinds = [
            (&READS[..], &row.reads, 0),
            (&WRITES[..], &row.writes, 0),
            (&WAITS[..], &row.waits, BACKGROUND),
        ];
        for (names, each, more) in kinds {
            let made: usize = names.iter().filter_map(|name| calls.remove(*name)).sum();
            let budget = each.start() * REQUESTS..=each.end() * REQUESTS + more;
            if !budget.contains(&made) {
                let names = names.join(", ");
                faults.push(format!("{found}: {each:?} of {names} for each request"));
            }
        }
        if !calls.is_empty() {
            faults.push(format!("{found}: {calls:?} are in no budget"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// Each kind of call that the worker makes for [`REQUESTS`] requests on one connection, and how often.
async fn calls(exchange: &Exchange) -> BTreeMap<String, usize> {
    let scratch = scratch();
    let log = scratch.path().join("calls");
    let mut gateway = Gateway::traced(exchange.origin(), &log).await;
    let (addr, exchange) = (gateway.addr, exchange.clone());
    let client = tokio::task::spawn_blocking(move || {
        let mut client = SteadyClient::connect(addr, exchange);
        client.requests(WARM_UP);
        client.mark("/first");
        // That was one of them.
        client.requests(REQUESTS - 1);
        client.mark("/last");
        client
    });
    let _connected = client.await.expect("a response to each request");
    let text = || fs::read_to_string(&log).expect("a log");
    eventually(|| text().contains(" /last ")).await;
    gateway.assert_runs();

    // Only the worker's: on a busy machine others are still about to start.
    let text = text();
    let first = text.lines().find(|line| line.contains(" /first "));
    let (worker, _) = first
        .and_then(|line| line.split_once(' '))
        .expect("a thread");
    let between = text
        .lines()
        .skip_while(|line| !line.contains(" /first "))
        .take_while(|line| !line.contains(" /last "))
        .filter_map(|line| line.strip_prefix(worker)?.strip_prefix(' '));
    let mut calls = BTreeMap::new();
    for call in between {
        // `name(arguments) = result`, but `<... name resumed>` is the end of one that was told already.
        if let Some((name, _)) = call.trim_start().split_once('(')
            && !name.starts_with('<')
        {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    calls
}
