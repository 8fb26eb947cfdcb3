//! A thousand WebSocket connections that exchange messages steadily, and what is left of them.

use std::time::Duration;

use dial_tests::eventually;

use crate::gateway::{Gateway, Usage};
use crate::process::{Process, show};
use crate::tools::script;

const CONNECTIONS: u32 = 1000;
/// How long they last, in seconds, unless `DIAL_REAL_SECONDS` says otherwise.
const SECONDS: u64 = 10;
/// For opening and closing them.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test]
async fn a_thousand_tunnels_leave_nothing_behind() {
    let seconds = std::env::var("DIAL_REAL_SECONDS").ok();
    let seconds = seconds.map_or(SECONDS, |seconds| seconds.parse().expect("a number"));
    let (_server, origin) = Process::server("ws_server.py", script("ws_server.py")).await;
    let mut gateway = Gateway::to(origin).await;

    // Until both have all they ever need.
    exchange(&gateway, CONNECTIONS / 10, 1, "warm-up").await;
    let before = settled(&gateway).await;
    let full = exchange(&gateway, CONNECTIONS, seconds, "crowd").await;
    let after = settled(&gateway).await;
    for (when, usage) in [("before", before), ("full", full), ("after", after)] {
        let Usage { files, memory, cpu } = usage;
        let line = format!("{files} files, {memory} KiB, {cpu}0 ms of processor time");
        show(&format!("crowd, {when}"), &line);
    }
    assert!(
        full.files >= before.files + 2 * CONNECTIONS as usize,
        "two for each of {CONNECTIONS} tunnels"
    );
    assert_eq!(after.files, before.files, "no file is left open");
    gateway.assert_runs();
}

/// Lets connections come, exchange messages, and go; tells what the gateway has used just before they go.
async fn exchange(gateway: &Gateway, connections: u32, seconds: u64, name: &str) -> Usage {
    let mut command = script("ws_crowd.js");
    command.arg(gateway.addr.to_string());
    command.args([connections.to_string(), seconds.to_string()]);
    let deadline = PATIENCE + Duration::from_secs(seconds);
    let mut usage = gateway.usage();
    Process::script(name, command, deadline, |line| {
        if line.contains(" messages in ") {
            usage = gateway.usage();
        }
    })
    .await;
    usage
}

/// What it uses once every connection is closed.
async fn settled(gateway: &Gateway) -> Usage {
    eventually(|| gateway.connections() == 0).await;
    gateway.usage()
}
