//! Limits that are kept in a store, when that is slow, lost or back. What a real one counts is tested in `tests/real`.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dial::{ErrorKind, ProxyService, RateLimit, RedisStore, Router};
use dial_tests::wait::DEADLINE;
use dial_tests::{ClosedPort, Gate, Log, Origin, client, eventually, within};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use super::{forward, three};
use crate::harness::Served;

/// Speaks as much of the protocol of Redis as dial asks for.
struct Store {
    url: String,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

struct Seen {
    /// The answer to questions.
    verdict: AtomicI64,
    /// Questions wait here for their answer.
    gate: Gate,
    /// The arguments of each question.
    questions: Mutex<Vec<Vec<String>>>,
    connections: AtomicUsize,
    /// Ends all connections, and tells that they are.
    hang_up: Notify,
    hung_up: Gate,
}

impl Store {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let url = format!("redis://{}", listener.local_addr().expect("bound"));
        let seen = Arc::new(Seen {
            verdict: AtomicI64::new(0),
            gate: Gate::opened(),
            questions: Mutex::default(),
            connections: AtomicUsize::new(0),
            hang_up: Notify::new(),
            hung_up: Gate::closed(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&seen)));
        Self { url, seen, task }
    }

    /// As it is logged.
    fn addr(&self) -> &str {
        self.url.trim_start_matches("redis://")
    }

    fn questions(&self) -> usize {
        self.seen.questions.lock().expect("no panic").len()
    }

    fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, seen: Arc<Seen>) {
    // They end with the listener.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("loopback");
                seen.connections.fetch_add(1, Ordering::SeqCst);
                connections.spawn(answer(stream, Arc::clone(&seen)));
            }
            () = seen.hang_up.notified() => {
                connections.shutdown().await;
                seen.hung_up.open();
            }
        }
    }
}

async fn answer(stream: TcpStream, seen: Arc<Seen>) {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    while let Some(command) = command(&mut read).await {
        let answer = if command[0] == "EVALSHA" {
            seen.questions.lock().expect("no panic").push(command);
            seen.gate.passed().await;
            match seen.verdict.load(Ordering::SeqCst) {
                // As one that is full, or only a copy.
                ..0 => "-OOM command not allowed when used memory > 'maxmemory'.\r\n".to_owned(),
                verdict => format!(":{verdict}\r\n"),
            }
        } else {
            "+OK\r\n".to_owned()
        };
        if write.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// An array of strings; `None` at the end.
async fn command(read: &mut BufReader<OwnedReadHalf>) -> Option<Vec<String>> {
    let mut command = Vec::new();
    for _ in 0..number(read, '*').await? {
        let mut text = vec![0; number(read, '$').await? + 2];
        read.read_exact(&mut text).await.ok()?;
        text.truncate(text.len() - 2);
        command.push(String::from_utf8(text).expect("text"));
    }
    Some(command)
}

async fn number(read: &mut BufReader<OwnedReadHalf>, kind: char) -> Option<usize> {
    let mut line = String::new();
    read.read_line(&mut line).await.ok()?;
    let number = line.strip_prefix(kind)?.trim_end();
    Some(number.parse().expect("a number"))
}

/// Far longer than a question takes, so that nothing is lost unless the test means it.
const PATIENT: Duration = DEADLINE;

fn store(url: &str) -> RedisStore {
    RedisStore::new(url).expect("a URL").timeout(PATIENT)
}

fn limited(origin: &Origin, limit: RateLimit, store: &RedisStore) -> ProxyService {
    dial::proxy([origin.url()], forward).rate_limit(limit.shared("api", store))
}

#[tokio::test]
async fn each_request_is_one_question() {
    let origin = Origin::named("a");
    let redis = Store::new().await;
    let limit = three().burst(5).expect("a burst");
    let limit = limit.by(dial::HashOn::header("X-Tenant").expect("a name"));
    let store = store(&redis.url).prefix("shop");
    let served = Served::proxy(limited(&origin, limit, &store));
    for tenant in ["X-Tenant: a\r\n", "X-Tenant: b\r\n", "X-Tenant: a\r\n", ""] {
        assert_eq!(super::ask(served.addr, tenant).await.status, 200);
    }
    redis.seen.verdict.store(1_500_000, Ordering::SeqCst);
    let refused = super::ask(served.addr, "").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers.get("retry-after"), Some("2"));
    assert_eq!(origin.count(), 4);

    // One connection, whichever worker asks.
    assert_eq!(redis.connections(), 1);
    let questions = redis.seen.questions.lock().expect("no panic").clone();
    let keys: Vec<_> = questions.iter().map(|question| &question[3]).collect();
    assert_eq!(keys[0], keys[2]);
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[3], "shop:api:0000000000000000");
    for question in &questions {
        let key = question[3].strip_prefix("shop:api:").expect("a key");
        assert_eq!(key.len(), 16);
        // Requests, microseconds of their period, burst.
        assert_eq!(question[4..], ["3", "3600000000", "5"]);
    }
}

#[tokio::test]
async fn without_a_store_requests_are_let_through_unless_told_otherwise() {
    let origin = Origin::named("a");
    let nobody = ClosedPort::new();
    let url = format!("redis://:secret@{}", nobody.addr());
    for (open, status) in [(true, 200), (false, 503)] {
        let log = Log::of("dial::rate");
        let store = store(&url).fail_open(open);
        let proxy = limited(&origin, three(), &store).on_error(|error, _| {
            assert_eq!(error.kind(), ErrorKind::RateUnknown);
        });
        let served = Served::proxy(proxy);
        for _ in 0..20 {
            let response = client::get(served.addr, "/").await;
            assert_eq!(response.status, status);
            let again = response.headers.get("retry-after");
            assert_eq!(again, (!open).then_some("1"));
        }
        let marker = nobody.addr().to_string();
        let then = ["requests are refused", "requests are let through"][usize::from(open)];
        let lines = log.lines(&marker);
        let lines: Vec<_> = lines.iter().filter(|line| line.contains(then)).collect();
        assert_eq!(lines.len(), 1, "{lines:?}");
        let why = format!("redis://{marker}: cannot connect");
        assert!(lines[0].contains(&why), "{lines:?}");
        assert!(!lines[0].contains("secret"), "{lines:?}");
    }
    assert_eq!(origin.count(), 20);
}

#[tokio::test]
async fn a_store_that_is_slow_is_lost_until_it_answers() {
    let origin = Origin::named("a");
    let redis = Store::new().await;
    let log = Log::of("dial::rate");
    let marker = redis.addr();
    redis.seen.gate.close();
    let store = store(&redis.url).timeout(Duration::from_millis(200));
    let served = Served::proxy(limited(&origin, three(), &store));
    assert_eq!(client::get(served.addr, "/").await.status, 200);
    let lost = log.line(marker).await;
    assert!(lost.contains("no answer within 200ms"), "{lost}");
    // It is asked again after a while, over a new connection each time.
    let asked_again = async {
        while redis.connections() < 3 {
            assert_eq!(client::get(served.addr, "/").await.status, 200);
        }
    };
    within(DEADLINE, asked_again).await;

    redis.seen.verdict.store(1_000_000, Ordering::SeqCst);
    redis.seen.gate.open();
    let back = async { while client::get(served.addr, "/").await.status != 429 {} };
    within(DEADLINE, back).await;
    eventually(|| log.lines(marker).len() == 2).await;
    assert!(log.lines(marker)[1].contains("is back"));
}

#[tokio::test]
async fn a_store_that_can_only_complain_is_lost_too() {
    let origin = Origin::named("a");
    let redis = Store::new().await;
    let log = Log::of("dial::rate");
    let marker = redis.addr();
    redis.seen.verdict.store(-1, Ordering::SeqCst);
    let store = store(&redis.url).fail_open(false);
    let served = Served::proxy(limited(&origin, three(), &store));
    assert_eq!(client::get(served.addr, "/").await.status, 503);
    let lost = log.line(marker).await;
    assert!(lost.contains("OOM") || lost.contains("maxmemory"), "{lost}");
    let asked_again = async {
        while redis.questions() < 4 {
            assert_eq!(client::get(served.addr, "/").await.status, 503);
        }
    };
    within(DEADLINE, asked_again).await;
    assert_eq!(log.lines(marker).len(), 1);
    redis.seen.verdict.store(0, Ordering::SeqCst);
    let back = async { while client::get(served.addr, "/").await.status != 200 {} };
    within(DEADLINE, back).await;
    assert_eq!(log.lines(marker).len(), 2);
}

#[tokio::test]
async fn a_connection_that_ended_costs_nobody_an_answer() {
    let origin = Origin::named("a");
    let redis = Store::new().await;
    let log = Log::of("dial::rate");
    let store = store(&redis.url).fail_open(false);
    let served = Served::proxy(limited(&origin, three(), &store));
    assert_eq!(client::get(served.addr, "/").await.status, 200);
    redis.seen.hang_up.notify_one();
    within(DEADLINE, redis.seen.hung_up.passed()).await;
    for _ in 0..5 {
        assert_eq!(client::get(served.addr, "/").await.status, 200);
    }
    assert_eq!((redis.connections(), redis.questions()), (2, 6));
    assert!(log.lines(redis.addr()).is_empty());
}

#[tokio::test]
async fn routes_with_one_store_share_its_connection() {
    let origin = Origin::named("a");
    let redis = Store::new().await;
    let store = store(&redis.url);
    let route = |name| {
        let limit = three().shared(name, &store);
        dial::proxy([origin.url()], forward).rate_limit(limit)
    };
    let router = Router::new().at("/a", route("a")).at("/b", route("b"));
    let served = Served::router(router);
    for path in ["/a", "/b", "/a", "/b"] {
        assert_eq!(client::get(served.addr, path).await.status, 200);
    }
    let questions = redis.seen.questions.lock().expect("no panic").clone();
    let names = questions.iter().map(|question| {
        let mut parts = question[3].split(':');
        parts.nth(1).expect("a name").to_owned()
    });
    assert_eq!(names.collect::<Vec<_>>(), ["a", "b", "a", "b"]);
    assert_eq!(redis.connections(), 1);
}
