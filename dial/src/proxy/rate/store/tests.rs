use std::future::Future as _;
use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::*;
use crate::error::ErrorKind;

const BUCKET: Bucket = Bucket {
    requests: 1,
    period: Duration::from_secs(1),
    burst: 1,
};
/// For what has to happen, at some time.
const DEADLINE: Duration = Duration::from_secs(30);

/// Counts what is logged of stores.
struct Logged(AtomicUsize);

impl Subscriber for &'static Logged {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "dial::rate"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// A store that answers what it is told first, and questions, each of which takes a permit of `asked`, once `answers` has
/// permits for them.
async fn answer(mut stream: TcpStream, asked: Arc<Semaphore>, answers: Arc<Semaphore>) {
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        let text = String::from_utf8_lossy(&buffer[..count]).to_uppercase();
        let questions = text.matches("EVALSHA").count();
        let others = text.matches('*').count() - questions;
        let mut answer = "+OK\r\n".repeat(others);
        for _ in 0..questions {
            asked.add_permits(1);
            answers.acquire().await.expect("open").forget();
            answer += ":0\r\n";
        }
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// What is decided without waiting.
fn at_once(store: &RedisStore) -> Option<Verdict> {
    let mut take = pin!(store.take("api", 1, BUCKET));
    match take.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verdict) => Some(verdict),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn one_at_a_time_asks_a_store_that_is_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let url = format!("redis://{}", listener.local_addr().expect("bound"));
    let [asked, answers] = [(); 2].map(|()| Arc::new(Semaphore::new(0)));
    let of_store = (Arc::clone(&asked), Arc::clone(&answers));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, of_store.0.clone(), of_store.1.clone()));
        }
    });
    let store = RedisStore::new(&url).expect("a URL").timeout(2 * DEADLINE);
    store.shared.lost.store(true, Ordering::Relaxed);

    // It can be connected to again, and does not answer.
    let own = store.clone();
    let asks = tokio::spawn(async move {
        while matches!(own.take("api", 1, BUCKET).await, Verdict::Unknown) {
            tokio::task::yield_now().await;
        }
    });
    let question = timeout(DEADLINE, asked.acquire()).await;
    question.expect("it is asked").expect("open").forget();
    for _ in 0..100 {
        assert!(matches!(at_once(&store), Some(Verdict::Unknown)));
    }
    assert_eq!(store.shared.questions.available_permits(), QUESTIONS - 1);

    // Who asks may leave; then the next one asks.
    asks.abort();
    assert!(asks.await.expect_err("it waited").is_cancelled());
    answers.add_permits(2);
    let verdict = timeout(DEADLINE, store.take("api", 1, BUCKET)).await;
    assert!(matches!(verdict, Ok(Verdict::Admitted)));
    assert!(!store.shared.lost.load(Ordering::Relaxed));

    // Now they may wait again, all of them.
    let mut both = [(); 2].map(|()| Box::pin(store.take("api", 1, BUCKET)));
    let mut context = Context::from_waker(Waker::noop());
    for take in &mut both {
        assert!(take.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(store.shared.questions.available_permits(), QUESTIONS - 2);
}

#[tokio::test]
async fn too_many_questions_are_logged_once_until_they_are_fewer() {
    static LOGGED: Logged = Logged(AtomicUsize::new(0));
    let _guard = tracing::subscriber::set_default(&LOGGED);
    let logged = || LOGGED.0.load(Ordering::Relaxed);
    let store = RedisStore::new("redis://127.0.0.1:1").expect("a URL");
    let questions = &store.shared.questions;
    let most = u32::try_from(QUESTIONS - 1).expect("few");
    for episode in 1..=3 {
        let others = questions.try_acquire_many(most).expect("free");
        // One after the other ends, and another one comes.
        for _ in 0..5 {
            let last = store.room();
            assert!(last.is_some() && store.room().is_none());
            assert!(matches!(at_once(&store), Some(Verdict::Unknown)));
            assert_eq!(logged(), episode);
        }
        drop(others);
        assert!(store.room().is_some());
    }
    assert_eq!(questions.available_permits(), QUESTIONS);
}

#[test]
fn a_url_says_where_and_as_whom() {
    let (address, login) = parse("redis://ann:s%40cret@Redis.Example:7000/3").expect("a URL");
    assert_eq!(address.to_string(), "http://redis.example:7000");
    assert_eq!(
        (login.username(), login.password(), login.db()),
        (Some("ann"), Some("s@cret"), 3)
    );
    for (url, there) in [
        ("redis://:secret@10.0.0.1", "http://10.0.0.1:6379"),
        ("redis://[::1]/", "http://[::1]:6379"),
        #[cfg(feature = "tls")]
        ("rediss://cache", "https://cache:6379"),
    ] {
        let (address, login) = parse(url).expect(url);
        assert_eq!(address.to_string(), there);
        assert_eq!((login.username(), login.db()), (None, 0));
    }
}

#[tokio::test]
async fn more_questions_than_may_be_are_not_asked() {
    let store = RedisStore::new("redis://127.0.0.1:1").expect("a URL");
    let all = store.shared.questions.try_acquire_many(1024);
    let verdict = store.take("api", 1, BUCKET).await;
    assert!(matches!(verdict, Verdict::Unknown));
    // Nobody has tried, so nothing is lost.
    assert!(!store.shared.lost.load(Ordering::Relaxed));
    drop(all);
    let verdict = store.take("api", 1, BUCKET).await;
    assert!(matches!(verdict, Verdict::Unknown));
    assert!(store.shared.lost.load(Ordering::Relaxed));
    assert_eq!(store.shared.questions.available_permits(), QUESTIONS);
}

#[test]
fn nonsense_is_refused_and_no_password_repeated() {
    for (url, what) in [
        ("", "is none"),
        ("10.0.0.1:6379", "is none"),
        (
            "http://:secret@a",
            "does not begin with `redis://` or `rediss://`",
        ),
        ("redis://", "has no host"),
        ("redis://:secret@", "is none"),
        ("redis://:secret@a/first", "is not understood"),
        ("redis://:secret@a:99999", "is none"),
        ("redis://:secret@a b", "is none"),
    ] {
        let error = RedisStore::new(url).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        let text = Chain(&error).to_string();
        assert!(text.contains(what), "{url}: {text}");
        assert!(!text.contains("secret"), "{url}: {text}");
    }
    let store = RedisStore::new("redis://:secret@a").expect("a URL");
    assert!(!format!("{store:?}").contains("secret"));
}
