//! Bodies pass through piece by piece: never held, never hurried.

use dial::{ModifiableRequest, ProxyService, Router, Server};
use dial_tests::{BulkOrigin, Gate, Origin, RawClient, Script, client};

use crate::harness::{Both, Served};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// More than all socket buffers between two ends that do not read.
const BUFFERED: u64 = 64 * MIB;

/// More than would ever get through.
const ENDLESS: u64 = 1 << 40;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn proxy(origin: &Origin) -> ProxyService {
    dial::proxy([origin.url()], |request: ModifiableRequest| request)
}

async fn upload(addr: std::net::SocketAddr, length: u64) -> RawClient {
    let mut client = RawClient::connect(addr).await;
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    client.send(head).await;
    client
}

/// What a process keeps in memory, which only Linux tells.
#[cfg(target_os = "linux")]
mod memory {
    use super::*;
    use crate::child::Child;

    /// Most of what is measured here belongs to the process alone, whatever else is tested at the time.
    const GROWTH: u64 = 32 * MIB;

    /// A line of `/proc/PID/status`, in bytes.
    fn status(child: &Child, name: &str) -> u64 {
        let path = format!("/proc/{}/status", child.id());
        let status = std::fs::read_to_string(path).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes =
            line.and_then(|line| line.trim_end_matches("kB").trim().parse::<u64>().ok());
        kilobytes.expect("a number of kB") * 1024
    }

    /// From what it had when it had done nothing to the most it ever had.
    async fn assert_small(origin: &Origin, transfer: impl AsyncFnOnce(&Child)) {
        let child = Child::proxy(&origin.url(), &["workers=2"]).await;
        let before = status(&child, "VmRSS:");
        transfer(&child).await;
        let grown = status(&child, "VmHWM:").saturating_sub(before);
        assert!(grown < GROWTH, "grown by {} KiB", grown / 1024);
    }

    #[tokio::test]
    async fn a_gibibyte_down() {
        let origin = BulkOrigin::flood(GIB);
        assert_small(&origin, async |child| {
            let mut client = RawClient::connect(child.addr).await;
            client.send(GET).await;
            let head = client.read_head().await;
            assert_eq!(client.read_bulk(&head).await, GIB);
        })
        .await;
    }

    #[tokio::test]
    async fn a_gibibyte_up() {
        let origin = BulkOrigin::sink();
        assert_small(&origin, async |child| {
            let mut client = upload(child.addr, GIB).await;
            client.send_bulk(GIB).await;
            assert_eq!(client.read_response().await.text(), GIB.to_string());
        })
        .await;
        assert_eq!(origin.moved(), GIB);
    }
}

#[tokio::test]
async fn a_slow_reader_stalls_the_sender() {
    let origin = BulkOrigin::flood(ENDLESS);
    let both = Both::proxy(proxy(&origin)).await;
    for (home, addr) in both.homes() {
        let before = origin.moved();
        let mut client = RawClient::connect(addr).await;
        client.send(GET).await;
        client.read_head().await;
        origin.reached(before + 1).await;
        let stalled = origin.stalled().await;
        assert!(
            stalled - before < BUFFERED,
            "{home}: {} MiB",
            (stalled - before) / MIB
        );
        // And goes on once it reads.
        client.read_exact(16 << 20).await;
        origin.reached(stalled + 8 * MIB).await;
    }
}

#[tokio::test]
async fn a_slow_origin_stalls_an_upload() {
    let origin = BulkOrigin::sink();
    let both = Both::proxy(proxy(&origin)).await;
    for (home, addr) in both.homes() {
        origin.gate().close();
        let before = origin.moved();
        let mut client = upload(addr, ENDLESS).await;
        let sent = client.send_bulk_until_stalled(ENDLESS).await;
        assert!(sent < BUFFERED, "{home}: {} MiB", sent / MIB);
        assert_eq!(origin.moved(), before, "{home}: the origin read nothing");
        // And all of it arrives once it reads.
        origin.gate().open();
        origin.reached(before + sent).await;
    }
}

/// One that stands still holds up nobody else on its worker.
#[tokio::test]
async fn a_stalled_body_stalls_nobody_else() {
    let (slow, quick) = (BulkOrigin::flood(ENDLESS), Origin::named("quick"));
    let router = Router::new()
        .at("/slow", proxy(&slow))
        .at("/quick", proxy(&quick));
    let served = Served::server(Server::builder().workers(1), router);
    let mut clients = Vec::new();
    for _ in 0..8 {
        let mut client = RawClient::connect(served.addr).await;
        client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
        client.read_head().await;
        clients.push(client);
    }
    slow.stalled().await;
    for _ in 0..8 {
        assert_eq!(client::get(served.addr, "/quick").await.origin(), "quick");
    }
}

/// How an origin that does not know a body's length, or takes long to write it, may frame it.
const FRAMINGS: [(&str, &str, bool); 3] = [
    ("chunked", "Transfer-Encoding: chunked", true),
    ("up to the close", "Connection: close", false),
    ("with a length", "Content-Length: 1000", false),
];

/// As server-sent events come: the head at once, then each event alone. The origin writes the next only when the client
/// has seen the one before.
#[tokio::test]
async fn what_an_origin_writes_is_passed_on_at_once() {
    for (name, framing, chunked) in FRAMINGS {
        let gates = [(); 6].map(|()| Gate::closed());
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{framing}\r\n\r\n");
        let mut script = Script::new().read_head().write(head);
        for (number, gate) in gates.iter().enumerate() {
            let event = event(number);
            script = script.wait(gate).write(match chunked {
                true => format!("{:x}\r\n{event}\r\n", event.len()),
                false => event,
            });
        }
        let origin = Origin::raw(script.hang());
        let both = Both::proxy(proxy(&origin)).await;
        for (home, addr) in both.homes() {
            gates.iter().for_each(Gate::close);
            let mut client = RawClient::connect(addr).await;
            client.send(GET).await;
            assert_eq!(client.read_head().await.status, 200, "{name}, {home}");
            for (number, gate) in gates.iter().enumerate() {
                gate.open();
                client.read_until(event(number)).await;
            }
        }
    }
}

fn event(number: usize) -> String {
    format!("data: {number}\n\n")
}

/// Both directions at once: each piece of the upload comes back before the client sends the next.
#[tokio::test]
async fn an_upload_is_passed_on_while_the_answer_streams() {
    let origin = Origin::http(|request| async { http::Response::new(request.into_body()) });
    let both = Both::proxy(proxy(&origin)).await;
    for (home, addr) in both.homes() {
        let mut client = RawClient::connect(addr).await;
        client
            .send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        assert_eq!(client.read_head().await.status, 200, "{home}");
        for number in 0..20 {
            let event = event(number);
            client
                .send(format!("{:x}\r\n{event}\r\n", event.len()))
                .await;
            client.read_until(&event).await;
        }
        client.send("0\r\n\r\n").await;
        client.read_until("0\r\n\r\n").await;
    }
}
