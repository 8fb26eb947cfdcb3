//! WebSocket through the proxy: each of two clients with each of two servers.

use std::time::Duration;

use crate::gateway::Gateway;
use crate::process::Process;
use crate::tools::script;

const DEADLINE: Duration = Duration::from_mins(2);

#[tokio::test]
async fn ws_with_ws() {
    pair("ws_client.js", "ws", "ws_server.js").await;
}

#[tokio::test]
async fn ws_with_websockets() {
    pair("ws_client.js", "websockets", "ws_server.py").await;
}

#[tokio::test]
async fn websockets_with_ws() {
    pair("ws_client.py", "ws", "ws_server.js").await;
}

#[tokio::test]
async fn websockets_with_websockets() {
    pair("ws_client.py", "websockets", "ws_server.py").await;
}

/// The client's script, which the server does not outlive: its end is the last that is checked.
async fn pair(client: &str, library: &str, server: &str) {
    let (_server, origin) = Process::server(server, script(server)).await;
    let mut gateway = Gateway::to(origin).await;
    let mut command = script(client);
    command.arg(gateway.addr.to_string()).arg(library);
    let name = format!("{client} with {library}");
    Process::script(&name, command, DEADLINE, |_| {}).await;
    gateway.assert_runs();
}
