//! No answer, or none that can be passed on: the status the client gets, and the line in the log.

use std::net::SocketAddr;

use dial::{ProxyService, Timeouts, Upstream};
use dial_tests::{ClosedPort, Log, Origin, RawClient, Script, SilentPort};

use super::{Names, SOON, forward, timeouts};
use crate::harness::{Axum, Served};

/// What stands where the origin should be.
enum Behind {
    /// Nobody listens.
    Refusing(ClosedPort),
    /// Connecting takes forever.
    Unreachable(SilentPort),
    /// It is reached, and does this.
    Misbehaving(Origin),
    /// A name instead of an address.
    Named(Names),
    /// The list of hosts is empty by now.
    Nobody,
}

struct Case {
    name: &'static str,
    behind: Behind,
    timeouts: Timeouts,
    status: u16,
    kind: &'static str,
    sent: &'static str,
}

impl Case {
    fn new(name: &'static str, behind: Behind, status: u16, kind: &'static str) -> Self {
        let sent = match behind {
            Behind::Misbehaving(_) => "Maybe",
            _ => "No",
        };
        Self {
            name,
            behind,
            timeouts: Timeouts::default(),
            status,
            kind,
            sent,
        }
    }

    /// An origin that reads the head of a request and then follows `script`.
    fn after_head(
        name: &'static str,
        script: impl FnOnce(Script) -> Script,
        kind: &'static str,
    ) -> Self {
        let script = script(Script::new().read_head());
        Self::new(name, Behind::Misbehaving(Origin::raw(script)), 502, kind)
    }

    fn timing_out(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self.status = 504;
        self
    }

    /// What the log has to name: the endpoint as it was configured.
    fn endpoint(&self) -> String {
        match &self.behind {
            Behind::Refusing(port) => port.addr().to_string(),
            Behind::Unreachable(port) => port.addr().to_string(),
            Behind::Misbehaving(origin) => origin.addr().to_string(),
            Behind::Named(_) => "backend.test".to_owned(),
            Behind::Nobody => String::new(),
        }
    }

    fn proxy(&self, route: &str) -> ProxyService {
        let upstream = match &self.behind {
            Behind::Nobody => {
                let upstream = Upstream::new(["127.0.0.1:9"]).expect("a host");
                upstream.set_hosts([""; 0]).expect("none is allowed");
                upstream
            }
            _ => Upstream::new([self.endpoint()]).expect("a host"),
        };
        dial::proxy(upstream, forward)
            .name(route)
            .timeouts(self.timeouts)
    }

    /// Asks for an answer with and without a body, and reads what was logged.
    async fn check(&self, home: &str, addr: SocketAddr, route: &str) {
        let name = self.name;
        let requests = [
            "GET /private HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST /private HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        ];
        for request in requests {
            let log = Log::of("dial");
            let mut client = RawClient::connect(addr).await;
            // The second is for a connection that a failing endpoint must not cost the client.
            for _ in 0..2 {
                client.send(request).await;
                let response = client.read_response().await;
                let shown = String::from_utf8_lossy(&response.raw).into_owned();
                assert_eq!(response.status, self.status, "{name}, {home}: {shown}");
                assert_eq!(response.text(), response.reason, "{name}, {home}");
                for secret in ["127.0.0.1", "backend", "hosts", "error", route] {
                    assert!(!shown.contains(secret), "{name}, {home}: {shown}");
                }
            }
            let line = log.line(&format!("route=\"{route}\" kind=")).await;
            let words = [
                "WARN ",
                &format!("kind={} ", self.kind),
                &format!("sent={}", self.sent),
                &self.endpoint(),
            ];
            for word in words {
                assert!(line.contains(word), "{name}, {home}: no {word} in: {line}");
            }
            assert_eq!(
                log.lines(&format!("route=\"{route}\" kind=")).len(),
                2,
                "{name}, {home}"
            );
        }
    }
}

fn refused_or_unanswered() -> Vec<Case> {
    let silent = |script: Script| script.hang();
    let named = |name, names| Case::new(name, Behind::Named(names), 502, "Resolve");
    vec![
        // RFC 9110 §15.6.3: 502 for an inbound server that gives no valid response.
        Case::new(
            "refused",
            Behind::Refusing(ClosedPort::new()),
            502,
            "Connect",
        ),
        named("no such name", Names::Unknown),
        named("a name without an address", Names::Known(Vec::new())),
        // §15.6.4: 503 when there is nobody to ask.
        Case::new("an empty list of hosts", Behind::Nobody, 503, "NoEndpoint"),
        // §15.6.5: 504 for one that gives none in time.
        Case {
            kind: "ConnectTimeout",
            ..named("a silent name server", Names::Silent)
        }
        .timing_out(timeouts(|t| t.connect = SOON)),
        Case::after_head("silence", silent, "ResponseTimeout")
            .timing_out(timeouts(|t| t.response = SOON)),
        Case::after_head(
            "silence after half a head",
            |script| script.write("HTTP/1.1 200 OK\r\nContent-Le").hang(),
            "ResponseTimeout",
        )
        .timing_out(timeouts(|t| t.response = SOON)),
        Case::after_head(
            "interim responses and no final one",
            |script| script.write("HTTP/1.1 102 Processing\r\n\r\n").hang(),
            "ResponseTimeout",
        )
        .timing_out(timeouts(|t| t.response = SOON)),
    ]
}

fn broken_off_or_malformed() -> Vec<Case> {
    vec![
        Case::after_head("closed before an answer", |script| script, "Disconnected"),
        Case::after_head("reset before an answer", Script::reset, "Disconnected"),
        Case::after_head(
            "closed within the status line",
            |script| script.write("HTTP/1.1 20"),
            "Disconnected",
        ),
        Case::after_head(
            "closed within the fields",
            |script| script.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServ"),
            "Disconnected",
        ),
        Case::after_head(
            "reset within the fields",
            |script| {
                script
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServ")
                    .reset()
            },
            "Disconnected",
        ),
        Case::after_head(
            "closed after an interim response",
            |script| script.write("HTTP/1.1 103 Early Hints\r\n\r\n"),
            "Disconnected",
        ),
        Case::after_head(
            "another protocol",
            |script| script.write("220 mail.test ESMTP ready\r\n\r\n").hang(),
            "BadResponse",
        ),
        Case::after_head(
            "no protocol at all",
            |script| {
                script
                    .write([0x15, 3, 1, 0, 2, 2, 0x46, b'\r', b'\n', b'\r', b'\n'])
                    .hang()
            },
            "BadResponse",
        ),
        // RFC 9112 §5: a field without a colon.
        Case::after_head(
            "a malformed field",
            |script| script.write("HTTP/1.1 200 OK\r\nno colon\r\n\r\n").hang(),
            "BadResponse",
        ),
        // §6.3 rule 5.
        Case::after_head(
            "a length that is none",
            |script| {
                script
                    .write("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n")
                    .hang()
            },
            "BadResponse",
        ),
        Case::after_head(
            "an endless head",
            |script| {
                let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
                script.write(endless).hang()
            },
            "BadResponse",
        ),
    ]
}

async fn check(cases: Vec<Case>) {
    for (number, case) in cases.iter().enumerate() {
        // Names no other line of the log has.
        let route = |home| format!("{home}-{number}-{}", case.kind);
        let resolve = match &case.behind {
            Behind::Named(names) => names.clone(),
            _ => Names::Unknown,
        };
        let name = route("serve");
        let router = dial::Router::new().resolver(resolve.clone());
        let served = Served::router(router.at("/{*path}", case.proxy(&name)));
        case.check("serve", served.addr, &name).await;
        let name = route("axum");
        let axum = Axum::proxy(case.proxy(&name).resolver(resolve)).await;
        case.check("axum", axum.addr, &name).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_reached_or_says_nothing() {
    check(refused_or_unanswered()).await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_not_http() {
    check(broken_off_or_malformed()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn connecting_that_takes_forever() {
    let port = SilentPort::new().await;
    let case = Case::new(
        "connect hangs",
        Behind::Unreachable(port),
        504,
        "ConnectTimeout",
    );
    check(vec![case.timing_out(timeouts(|t| t.connect = SOON))]).await;
}
