//! Endpoints that go down and come back, one at a time, while clients keep asking.
//!
//! Of three endpoints two are always up, so whatever is known to be unsent has somewhere to go, and no client may hear
//! of it. Only a request that was on its way to an endpoint at the moment it was killed may fail.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use dial::{HeaderValue, ModifiableRequest, Router, Server};
use dial_tests::{Origin, RawClient, eventually};
use tokio::task::spawn_blocking;

use crate::crowd::crowd;
use crate::harness::Served;

const CLIENTS: usize = 32;
const REQUESTS: usize = 10_000;
/// How many requests are answered between one event and the next.
const PACE: usize = 150;

/// A request that failed, and when, by a clock that counts events.
struct Failure {
    number: usize,
    sent_at: usize,
    failed_at: usize,
    /// What `on_error` was told.
    request_sent: String,
    error: String,
}

/// One endpoint's end: from before it was stopped until dial has had the time to notice.
struct Kill {
    host: String,
    from: usize,
    to: usize,
}

#[derive(Default)]
struct Record {
    clock: Cell<usize>,
    answered: Cell<usize>,
    failures: RefCell<Vec<Failure>>,
    kills: RefCell<Vec<Kill>>,
}

impl Record {
    fn tick(&self) -> usize {
        self.clock.replace(self.clock.get() + 1)
    }

    async fn answered(&self, more: usize) {
        let due = self.answered.get() + more;
        eventually(|| self.answered.get() >= due).await;
    }

    async fn ask(&self, client: &mut RawClient, number: usize) {
        let sent_at = self.tick();
        client.send(request(number)).await;
        let response = client.read_response().await;
        let failed_at = self.tick();
        self.answered.set(self.answered.get() + 1);
        if response.status == 200 {
            return;
        }
        assert_eq!(response.status, 502, "request {number}");
        let told = |name| response.headers.get(name).expect("the hook ran").to_owned();
        self.failures.borrow_mut().push(Failure {
            number,
            sent_at,
            failed_at,
            request_sent: told("x-sent"),
            error: told("x-error"),
        });
    }

    /// Stops and restarts each origin in turn, for as long as it is polled.
    async fn kill_in_turn(&self, origins: &[Arc<Origin>]) {
        for origin in origins.iter().cycle() {
            self.answered(PACE).await;
            let kill = self.kills.borrow().len();
            self.kills.borrow_mut().push(Kill {
                host: origin.addr().to_string(),
                from: self.tick(),
                to: usize::MAX,
            });
            let victim = Arc::clone(origin);
            // Elsewhere, so that the clients do not pause meanwhile.
            spawn_blocking(move || victim.stop())
                .await
                .expect("it stops");
            self.answered(2 * CLIENTS).await;
            self.kills.borrow_mut()[kill].to = self.tick();
            self.answered(PACE).await;
            origin.restart();
        }
    }
}

/// Of four requests two have a body, one of them of unknown length.
fn request(number: usize) -> String {
    let body = format!("request {number}");
    let length = body.len();
    match number % 4 {
        1 => {
            format!("POST /{number} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
        }
        3 => format!(
            "POST /{number} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
        ),
        _ => format!("GET /{number} HTTP/1.1\r\nHost: a\r\n\r\n"),
    }
}

fn serve(origins: &[Arc<Origin>]) -> Served {
    let hosts: Vec<_> = origins.iter().map(|origin| origin.url()).collect();
    let handler = |request: ModifiableRequest| request;
    let proxy = dial::proxy(hosts, handler).on_error(|error, response| {
        let told = [
            ("x-sent", format!("{:?}", error.request_sent())),
            ("x-error", format!("{:?}: {error}", error.kind())),
        ];
        for (name, value) in told {
            let value = HeaderValue::try_from(value).expect("visible");
            response.headers_mut().insert(name, value);
        }
    });
    let server = Server::builder().workers(4);
    Served::server(server, Router::new().at("/{*path}", proxy))
}

#[tokio::test]
async fn nothing_fails_that_could_have_gone_elsewhere() {
    let origins: Vec<_> = ["1", "2", "3"]
        .map(Origin::named)
        .into_iter()
        .map(Arc::new)
        .collect();
    let served = serve(&origins);
    let record = Rc::new(Record::default());
    let asking = Rc::clone(&record);
    let load = crowd(
        served.addr,
        CLIENTS,
        0..REQUESTS,
        async move |client: &mut RawClient, number| {
            asking.ask(client, number).await;
        },
    );
    tokio::select! {
        () = load => {}
        () = record.kill_in_turn(&origins) => unreachable!("it goes on for ever"),
    }

    let (kills, failures) = (record.kills.borrow(), record.failures.borrow());
    assert!(
        kills.len() >= 9,
        "only {} times was an endpoint killed",
        kills.len()
    );
    for failure in failures.iter() {
        let (number, error) = (failure.number, &failure.error);
        assert_eq!(failure.request_sent, "Maybe", "request {number}: {error}");
        let explains = |kill: &&Kill| {
            error.contains(&kill.host) && kill.from < failure.failed_at && failure.sent_at < kill.to
        };
        assert!(
            kills.iter().any(|kill| explains(&kill)),
            "request {number}, at no kill: {error}"
        );
    }
    assert!(
        failures.len() <= kills.len() * CLIENTS,
        "{} failures",
        failures.len()
    );
    assert_sent_once(&origins, &failures);
}

/// No request arrived twice, and every one that was answered has arrived.
fn assert_sent_once(origins: &[Arc<Origin>], failures: &[Failure]) {
    let mut arrived = vec![0; REQUESTS];
    for request in origins.iter().flat_map(|origin| origin.requests()) {
        let number: usize = request.target[1..].parse().expect("a number");
        arrived[number] += 1;
        let body = match request.method.as_str() {
            "POST" => format!("request {number}"),
            _ => String::new(),
        };
        assert_eq!(request.body, body.as_bytes(), "request {number}");
    }
    for (number, times) in arrived.into_iter().enumerate() {
        let failed = failures.iter().any(|failure| failure.number == number);
        assert!(
            times == 1 || (times == 0 && failed),
            "request {number} arrived {times} times"
        );
    }
}
