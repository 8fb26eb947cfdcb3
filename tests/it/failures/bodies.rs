//! Response bodies that break off: the client's breaks off as well, and never ends in order (RFC 9112 §8).

use std::net::SocketAddr;

use dial::Router;
use dial_tests::{Ending, Gate, Log, Origin, RawClient, Script};

use super::forward;
use crate::harness::{Axum, Both, Served};

struct Case {
    name: &'static str,
    /// How the origin announces the body whose first bytes are `half`.
    fields: &'static str,
    /// `half` as it is framed.
    first: &'static str,
    /// What comes in the place of the rest.
    then: &'static [u8],
    end: fn(Script) -> Script,
}

const CLOSE: fn(Script) -> Script = |script| script;

const CASES: [Case; 8] = [
    Case {
        name: "length, closed",
        fields: "Content-Length: 10\r\n",
        first: "half",
        then: b"",
        end: CLOSE,
    },
    Case {
        name: "length, one byte missing",
        fields: "Content-Length: 10\r\n",
        first: "half",
        then: b"other",
        end: CLOSE,
    },
    Case {
        name: "length, reset",
        fields: "Content-Length: 10\r\n",
        first: "half",
        then: b"",
        end: Script::reset,
    },
    Case {
        name: "chunked, closed between chunks",
        fields: "Transfer-Encoding: chunked\r\n",
        first: "4\r\nhalf\r\n",
        then: b"",
        end: CLOSE,
    },
    Case {
        name: "chunked, closed within a chunk",
        fields: "Transfer-Encoding: chunked\r\n",
        first: "4\r\nhalf\r\n",
        then: b"5\r\not",
        end: CLOSE,
    },
    Case {
        name: "chunked, closed before the last line",
        fields: "Transfer-Encoding: chunked\r\n",
        first: "4\r\nhalf\r\n",
        then: b"0\r\n",
        end: CLOSE,
    },
    Case {
        name: "chunked, a size that is none",
        fields: "Transfer-Encoding: chunked\r\n",
        first: "4\r\nhalf\r\n",
        then: b"zz\r\nother",
        end: Script::hang,
    },
    // Only a close in order ends such a body, §6.3 rule 8.
    Case {
        name: "up to the close, reset",
        fields: "Connection: close\r\n",
        first: "half",
        then: b"",
        end: Script::reset,
    },
];

impl Case {
    /// Breaks off when the gate it comes with is opened.
    fn origin(&self) -> (Origin, Gate) {
        let gate = Gate::closed();
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n{}", self.fields, self.first);
        let script = Script::new().read_head().write(head).wait(&gate);
        (Origin::raw((self.end)(script.write(self.then))), gate)
    }
}

/// Asks in `version`, breaks the origin once the first bytes are there, and says how the client's connection ended
/// after what.
async fn broken(addr: SocketAddr, version: &str, gate: &Gate) -> (String, Vec<u8>, Ending) {
    gate.close();
    let mut client = RawClient::connect(addr).await;
    client
        .send(format!("GET / HTTP/{version}\r\nHost: a\r\n\r\n"))
        .await;
    let head = client.read_head().await;
    assert_eq!(head.status, 200);
    client.read_until("half").await;
    gate.open();
    let (rest, ending) = client.read_to_ending().await;
    let head = String::from_utf8_lossy(&head.raw).to_ascii_lowercase();
    (head, rest, ending)
}

#[tokio::test]
async fn the_clients_body_breaks_off_too() {
    for case in CASES {
        let name = case.name;
        let (origin, gate) = case.origin();
        let both = Both::proxy(dial::proxy([origin.url()], forward).name(name)).await;
        for (home, addr) in both.homes() {
            let log = Log::of("dial");
            let (head, rest, _) = broken(addr, "1.1", &gate).await;
            let shown = rest.escape_ascii();
            if head.contains("\r\ncontent-length: 10\r\n") {
                assert!(rest.len() < 6, "{name}, {home}: {shown}");
            } else {
                assert!(
                    head.contains("\r\ntransfer-encoding: chunked\r\n"),
                    "{name}, {home}: {head}"
                );
                assert!(!rest.ends_with(b"0\r\n\r\n"), "{name}, {home}: {shown}");
            }
            // Too late for a status, but not for the log.
            let line = log.line(&format!("{}", origin.addr())).await;
            for word in ["WARN ", "kind=ResponseBody", "sent=Yes"] {
                assert!(line.contains(word), "{name}, {home}: no {word} in: {line}");
            }
        }
    }
}

/// An HTTP/1.0 client takes a close in order for the end of the body when no length was announced.
#[tokio::test]
async fn a_client_without_chunks_sees_a_reset() {
    for case in &CASES[3..] {
        let (origin, gate) = case.origin();
        let served = Served::proxy(dial::proxy([origin.url()], forward));
        let (head, _, ending) = broken(served.addr, "1.0", &gate).await;
        assert!(!head.contains("transfer-encoding"), "{}: {head}", case.name);
        assert_eq!(ending, Ending::Reset, "{}", case.name);
    }
}

/// The connection of a body that broke off is never used again.
#[tokio::test]
async fn the_next_request_gets_a_connection_of_its_own() {
    for case in CASES {
        let (origin, gate) = case.origin();
        let router = Router::new().at("/{*path}", dial::proxy([origin.url()], forward));
        let served = super::one_worker(router);
        for number in 0..3 {
            broken(served.addr, "1.1", &gate).await;
            origin.closed(number).await;
            assert_eq!(origin.connections(), number + 1, "{}", case.name);
        }
    }
}

/// A body that ends in order, for comparison: the tables above can fail.
#[tokio::test]
async fn a_whole_body_ends_in_order() {
    let origin = Origin::raw(
        Script::new()
            .read_head()
            .write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf and half"),
    );
    let proxy = || dial::proxy([origin.url()], forward);
    let (served, axum) = (Served::proxy(proxy()), Axum::proxy(proxy()).await);
    for addr in [served.addr, axum.addr] {
        for version in ["1.0", "1.1"] {
            let request = format!("GET / HTTP/{version}\r\nHost: a\r\n\r\n");
            let response = dial_tests::client::request(addr, request).await;
            assert_eq!(response.text(), "half and half", "{version}");
        }
    }
}
