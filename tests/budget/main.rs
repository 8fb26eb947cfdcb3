//! How many allocations dial makes for a request: exact, so that nothing adds one unnoticed.
//!
//! dial's own server runs here with one worker. Client and origin are threads that allocate nothing once they are
//! connected ([`dial_tests::steady`]), so that what the process allocates meanwhile is dial's. There is one test and no
//! other beside it, because that would be counted too.

mod table;

use std::alloc::System;
use std::fmt::Write as _;

use dial::{Router, Server};
use dial_tests::SteadyClient;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use self::table::{Row, table};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Until connections and buffers have what they keep.
const WARM_UP: usize = 200;
const REQUESTS: usize = 1000;
/// Allocations of a whole measurement that no request makes: a connection that waits for more than a second on a busy
/// machine is taken apart and built again, and a room to read into is a new one while the last is still held.
const BACKGROUND: usize = 20;

/// What to do when the test fails.
const ADVICE: &str = "\
More than the budget: something on the path of every request allocates that did not. Avoid it; if it is worth its cost,
raise the number in tests/budget/table.rs and in ARCHITECTURE.md, and say why in the commit. Fewer: lower both.
Where they are made, with the test's binary as `cargo test -p dial-tests --test budget --no-run` names it:
  DIAL_BUDGET_ROW=plain valgrind --tool=dhat --num-callers=30 BINARY";

/// Allocations and reallocations of [`REQUESTS`] requests on one connection.
fn measure(row: &Row) -> usize {
    let proxy = (row.proxy)(row.exchange.origin());
    let server = Server::builder()
        .workers(1)
        .signals(false)
        .bind("127.0.0.1:0", Router::new().at(row.path, proxy))
        .expect("loopback");
    let addr = server.local_addr();
    // The worker is a thread of its own, which ends when this is dropped.
    let _running = server.run();
    let mut client = SteadyClient::connect(addr, row.exchange.clone());
    client.requests(WARM_UP);
    let before = ALLOCATOR.stats();
    client.requests(REQUESTS);
    let made = ALLOCATOR.stats() - before;
    made.allocations + made.reallocations
}

/// `DIAL_BUDGET_ROW` chooses those rows whose name contains it.
#[test]
fn allocations_of_a_request() {
    let only = std::env::var("DIAL_BUDGET_ROW").unwrap_or_default();
    let mut rows = table();
    rows.retain(|row| row.name.contains(&only));
    assert!(!rows.is_empty(), "no row is called `{only}`");

    let mut found = String::from("budget  found for 1000  row\n");
    let mut kept = true;
    for row in rows {
        let made = measure(&row);
        let meets = made.abs_diff(row.allocations * REQUESTS) <= BACKGROUND;
        kept &= meets;
        let mark = if meets { "" } else { "  <== not its budget" };
        let (name, budget) = (row.name, row.allocations);
        let _ = writeln!(found, "{budget:>6}  {made:>14}  {name}{mark}");
    }
    assert!(kept, "allocations for each request\n{found}{ADVICE}");
}
