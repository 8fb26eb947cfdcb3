//! Clients that leave: what they asked for is called off, and a broken upload never looks whole.

use std::net::SocketAddr;

use dial_tests::{BulkOrigin, Log, Origin, RawClient, Script};

use super::forward;
use crate::harness::Both;

#[derive(Clone, Copy, Debug)]
enum Leaving {
    Closing,
    Resetting,
    /// Sends nothing more, but would still read.
    HalfClosing,
}

impl Leaving {
    async fn leave(self, mut client: RawClient) {
        match self {
            Self::Closing => drop(client),
            Self::Resetting => client.reset(),
            Self::HalfClosing => {
                client.shutdown_write().await;
                client.read_to_end().await;
            }
        }
    }
}

/// Nothing at an endpoint was wrong, and nobody has to be woken for a client that left.
fn assert_quiet(log: &Log, origin: &Origin) {
    for line in log.lines(&origin.addr().to_string()) {
        assert!(
            !line.contains("WARN ") && !line.contains("ERROR "),
            "{line}"
        );
    }
}

#[tokio::test]
async fn a_request_whose_client_left_is_called_off() {
    let head = Script::new().read_head();
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    let cases = [
        ("before the answer", head.clone().hang(), ""),
        (
            "within the answer's head",
            head.clone().write("HTTP/1.1 200").hang(),
            "",
        ),
        (
            "within a body with a length",
            head.clone().write(half).hang(),
            "half",
        ),
        ("within a chunked body", head.write(chunk).hang(), "half"),
    ];
    for (name, script, arrives) in cases {
        for leaving in [Leaving::Closing, Leaving::Resetting] {
            let origin = Origin::raw(script.clone());
            let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
            for (number, (_, addr)) in both.homes().into_iter().enumerate() {
                let log = Log::of("dial");
                let mut client = RawClient::connect(addr).await;
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
                origin.received(number).await;
                if !arrives.is_empty() {
                    client.read_until(arrives).await;
                }
                leaving.leave(client).await;
                origin.closed(number).await;
                assert_eq!(origin.connections(), number + 1, "{name}, {leaving:?}");
                assert_quiet(&log, &origin);
            }
        }
    }
}

/// The origin's writing has come to a stand because the client does not read: it has to hear of the end all the same.
#[tokio::test]
async fn a_client_that_left_without_reading_frees_a_stalled_origin() {
    for leaving in [Leaving::Closing, Leaving::Resetting] {
        let origin = BulkOrigin::flood(1 << 40);
        let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
        for (number, (_, addr)) in both.homes().into_iter().enumerate() {
            let mut client = RawClient::connect(addr).await;
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
            client.read_head().await;
            origin.stalled().await;
            leaving.leave(client).await;
            origin.closed(number).await;
        }
    }
}

struct Upload {
    name: &'static str,
    framing: &'static str,
    /// What is sent of the body, framed as announced.
    part: &'static str,
    /// What of it the origin waits for before the client leaves.
    arrives: &'static str,
}

const UPLOADS: [Upload; 4] = [
    Upload {
        name: "less than announced",
        framing: "Content-Length: 10",
        part: "half",
        arrives: "half",
    },
    Upload {
        name: "no last chunk",
        framing: "Transfer-Encoding: chunked",
        part: "4\r\nhalf\r\n",
        arrives: "half",
    },
    Upload {
        name: "within a chunk",
        framing: "Transfer-Encoding: chunked",
        part: "4\r\nhalf\r\n5\r\not",
        arrives: "half",
    },
    Upload {
        name: "within the trailer section",
        framing: "Transfer-Encoding: chunked",
        part: "4\r\nhalf\r\n0\r\nX-Sum: 1\r\n",
        arrives: "half",
    },
];

impl Upload {
    async fn check(&self, home: &str, addr: SocketAddr, origin: &Origin, leaving: Leaving) {
        let what = format!("{}, {home}, {leaving:?}", self.name);
        let number = origin.connections();
        let log = Log::of("dial");
        let mut client = RawClient::connect(addr).await;
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n", self.framing);
        client.send(format!("{head}{}", self.part)).await;
        // The origin says so when it has read as much.
        client.read_head().await;
        leaving.leave(client).await;
        origin.closed(number).await;
        let received = origin.received(number).await;
        let shown = received.escape_ascii();
        assert!(!received.ends_with(b"0\r\n\r\n"), "{what}: {shown}");
        if self.framing.starts_with("Content-Length") {
            assert!(received.ends_with(b"\r\n\r\nhalf"), "{what}: {shown}");
        }
        assert_eq!(origin.connections(), number + 1, "{what}: sent again");
        assert_quiet(&log, origin);
    }
}

/// RFC 9112 §8: a request that broke off is incomplete, and must be so for the endpoint as well.
#[tokio::test]
async fn a_broken_upload_is_broken_for_the_endpoint_too() {
    for upload in UPLOADS {
        for leaving in [Leaving::Closing, Leaving::Resetting, Leaving::HalfClosing] {
            let script = Script::new()
                .read_until(upload.arrives)
                .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            let origin = Origin::raw(script.hang());
            let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
            for (home, addr) in both.homes() {
                upload.check(home, addr, &origin, leaving).await;
            }
        }
    }
}

/// The same before any answer: there is nobody left to tell, and it is not the endpoint's fault.
#[tokio::test]
async fn a_broken_upload_without_an_answer_is_called_off() {
    for upload in UPLOADS {
        for leaving in [Leaving::Closing, Leaving::Resetting, Leaving::HalfClosing] {
            let origin = Origin::raw(Script::new().read_until(upload.arrives).hang());
            let both = Both::proxy(dial::proxy([origin.url()], forward)).await;
            for (number, (home, addr)) in both.homes().into_iter().enumerate() {
                let what = format!("{}, {home}, {leaving:?}", upload.name);
                let log = Log::of("dial");
                let mut client = RawClient::connect(addr).await;
                let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{}\r\n\r\n", upload.framing);
                client.send(format!("{head}{}", upload.part)).await;
                origin.received(number).await;
                leaving.leave(client).await;
                origin.closed(number).await;
                let received = origin.received(number).await;
                assert!(
                    !received.ends_with(b"0\r\n\r\n"),
                    "{what}: {}",
                    received.escape_ascii()
                );
                assert_eq!(origin.connections(), number + 1, "{what}: sent again");
                assert_quiet(&log, &origin);
            }
        }
    }
}
