//! HTTP clients, to a server on Node's own HTTP.

use std::time::Duration;

use crate::gateway::Gateway;
use crate::process::Process;
use crate::tools::{scratch, script};

const DEADLINE: Duration = Duration::from_mins(2);

#[tokio::test]
async fn curl() {
    run("curl.sh").await;
}

#[tokio::test]
async fn httpx() {
    run("httpx_client.py").await;
}

#[tokio::test]
async fn undici() {
    run("undici_client.js").await;
}

async fn run(client: &str) {
    let (mut server, origin) = Process::server("http_origin.js", script("http_origin.js")).await;
    let mut gateway = Gateway::to(origin).await;
    let scratch = scratch();
    let mut command = script(client);
    command.arg(gateway.addr.to_string()).arg(scratch.path());
    Process::script(client, command, DEADLINE, |_| {}).await;
    gateway.assert_runs();
    server.assert_runs();
}
