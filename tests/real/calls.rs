//! How many system calls dial makes for a request: exact where the kernel leaves no choice, so that nothing adds one
//! unnoticed.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;

use dial_tests::{Exchange, SteadyClient, eventually};

use crate::gateway::Gateway;
use crate::process::show;
use crate::tools::Scratch;

/// Until there is a connection to the origin.
const WARM_UP: usize = 20;
const REQUESTS: usize = 200;

/// Waits of a whole measurement that no request causes, such as that of a connection which was kept waiting for so long, on
/// a busy machine, that its timer ran out.
const BACKGROUND: usize = 10;

/// One load, and what a request of it may cost.
struct Row {
    name: &'static str,
    exchange: Exchange,
    reads: RangeInclusive<usize>,
    writes: RangeInclusive<usize>,
    /// Each until there is something to read or room to write.
    waits: RangeInclusive<usize>,
}

const READS: [&str; 3] = ["recvfrom", "readv", "read"];
const WRITES: [&str; 4] = ["sendto", "writev", "sendmsg", "write"];
const WAITS: [&str; 1] = ["epoll_wait"];

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

/// Each kind of call of [`REQUESTS`] requests on one connection, and how often it was made.
async fn calls(exchange: &Exchange) -> BTreeMap<String, usize> {
    let scratch = Scratch::new();
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

    let text = text();
    let between = text.lines().skip_while(|line| !line.contains(" /first "));
    let between = between.take_while(|line| !line.contains(" /last "));
    let mut calls = BTreeMap::new();
    for line in between {
        // `123 name(arguments) = result`, but `123 <... name resumed>` is the end of one that was told already.
        let call = line.split_once(' ').expect("a thread").1.trim_start();
        if let Some((name, _)) = call.split_once('(')
            && !call.starts_with('<')
        {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    calls
}
