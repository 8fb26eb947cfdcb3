//! The connection to a store: one for all workers, made when somebody needs it and made anew when it has ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use crate::client::Connector;
use crate::error::{BoxError, Chain};
use crate::upstream::{Backoff, Dice, Endpoint, Scheme};

/// How long it may take to connect, with all that is said before the first question.
const CONNECT: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Link {
    endpoint: Arc<Endpoint>,
    connector: Connector,
    login: RedisConnectionInfo,
    state: watch::Sender<State>,
    backoff: Mutex<Backoff>,
    dice: Dice,
    /// How many connections were made.
    made: AtomicU64,
}

enum State {
    /// Not before that time, because of this.
    Down(Instant, Arc<str>),
    Connecting,
    Up(Connection),
}

/// Clones are one connection, which ends with the last of them.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) pipe: MultiplexedConnection,
    _driver: Arc<Driver>,
}

/// The task that reads and writes. By itself it would wait for answers that nobody wants any more.
struct Driver(AbortHandle);

impl Link {
    pub(super) fn new(
        endpoint: Arc<Endpoint>,
        connector: Connector,
        login: RedisConnectionInfo,
    ) -> Self {
        Self {
            endpoint,
            connector,
            login,
            state: watch::Sender::new(State::Down(Instant::now(), "not connected yet".into())),
            backoff: Mutex::default(),
            dice: Dice::new(None),
            made: AtomicU64::new(0),
        }
    }

    /// The same, made in another way.
    #[cfg(feature = "tls")]
    pub(super) fn over(&self, connector: Connector) -> Self {
        Self::new(Arc::clone(&self.endpoint), connector, self.login.clone())
    }

    /// Where it leads, as a URL says it.
    pub(super) fn name(&self) -> String {
        let scheme = match self.endpoint.scheme() {
            Scheme::Http => "redis",
            Scheme::Https => "rediss",
        };
        let (host, port) = (self.endpoint.host().bracketed(), self.endpoint.port());
        format!("{scheme}://{host}:{port}")
    }

    /// The connection, or why there is none. Whoever `waits` also gets the one that is being made.
    pub(super) async fn get(self: &Arc<Self>, waits: bool) -> Result<Connection, Arc<str>> {
        if let State::Up(connection) = &*self.state.borrow() {
            return Ok(connection.clone());
        }
        self.begin();
        let mut states = self.state.subscribe();
        let known = |state: &State| !(waits && matches!(state, State::Connecting));
        match states.wait_for(known).await.as_deref() {
            Ok(State::Up(connection)) => Ok(connection.clone()),
            Ok(State::Down(_, why)) => Err(Arc::clone(why)),
            Ok(State::Connecting) | Err(_) => Err("not connected yet".into()),
        }
    }

    /// Gives a connection up; the next is made after a pause. Whether it was still in use.
    pub(super) fn discard(&self, number: u64, pause: Duration, why: &Arc<str>) -> bool {
        self.state.send_if_modified(|state| {
            let current = matches!(state, State::Up(connection) if connection.number == number);
            if current {
                *state = State::Down(Instant::now() + pause, Arc::clone(why));
            }
            current
        })
    }

    pub(super) fn is_current(&self, number: u64) -> bool {
        matches!(&*self.state.borrow(), State::Up(connection) if connection.number == number)
    }

    /// How long to wait after a failure.
    pub(super) fn pause(&self) -> Duration {
        let mut backoff = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        backoff.wait(&self.dice)
    }

    /// All is well again.
    pub(super) fn recovered(&self) {
        let mut backoff = self.backoff.lock().unwrap_or_else(PoisonError::into_inner);
        backoff.reset();
    }

    /// Has a connection made, if it is time for one and nobody does yet. That is a task of its own: whoever asked may not
    /// wait for long.
    fn begin(self: &Arc<Self>) {
        let began = self.state.send_if_modified(|state| {
            let due = matches!(state, State::Down(until, _) if *until <= Instant::now());
            if due {
                *state = State::Connecting;
            }
            due
        });
        if began {
            let attempt = Attempt {
                link: Arc::clone(self),
                over: false,
            };
            tokio::spawn(attempt.run());
        }
    }

    async fn connect(&self) -> Result<Connection, BoxError> {
        let stream = self.connector.connect(&self.endpoint, &[], CONNECT).await?;
        // Whoever asks has a limit of its own, and so has this.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(None);
        let made = MultiplexedConnection::new_with_config(&self.login, stream, config);
        let (pipe, driver) = made.await?;
        Ok(Connection {
            number: self.made.fetch_add(1, Ordering::Relaxed),
            pipe,
            _driver: Arc::new(Driver(tokio::spawn(driver).abort_handle())),
        })
    }
}

/// A connection being made.
struct Attempt {
    link: Arc<Link>,
    over: bool,
}

impl Attempt {
    async fn run(mut self) {
        let why: Arc<str> = match timeout(CONNECT, self.link.connect()).await {
            Ok(Ok(connection)) => return self.end(State::Up(connection)),
            // To the connector it is an endpoint like any other.
            Ok(Err(error)) => Chain(&*error)
                .to_string()
                .replacen(&self.link.endpoint.to_string(), &self.link.name(), 1)
                .into(),
            Err(_) => format!("not connected within {CONNECT:?}").into(),
        };
        let again = Instant::now() + self.link.pause();
        self.end(State::Down(again, why));
    }

    fn end(&mut self, state: State) {
        self.over = true;
        self.link.state.send_replace(state);
    }
}

impl Drop for Attempt {
    /// Its runtime may go before it is over.
    fn drop(&mut self) {
        if !self.over {
            let why = "the worker that was connecting has ended".into();
            self.end(State::Down(Instant::now(), why));
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Address;

    fn link(addr: std::net::SocketAddr) -> Arc<Link> {
        let address = Address::parse(&addr.to_string()).expect("an address");
        let endpoint = Endpoint::new(address, false).expect("an endpoint");
        let login = RedisConnectionInfo::default();
        Arc::new(Link::new(endpoint.into(), Connector::default(), login))
    }

    #[test]
    fn a_worker_that_ends_while_it_connects_leaves_it_to_others() {
        // Connected to, and never an answer.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let link = link(silent.local_addr().expect("bound"));
        for _ in 0..2 {
            let worker = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            worker.block_on(async {
                let none = link.get(false).await.err();
                assert_eq!(none.as_deref(), Some("not connected yet"));
                tokio::task::yield_now().await;
            });
            assert!(matches!(&*link.state.borrow(), State::Connecting));
            drop(worker);
            let state = link.state.borrow();
            assert!(matches!(&*state, State::Down(again, _) if *again <= Instant::now()));
        }
    }

    #[tokio::test]
    async fn who_cannot_connect_says_why_and_gives_nothing_up() {
        let link = link(([127, 0, 0, 1], 1).into());
        let why = "because".into();
        assert!(!link.discard(0, Duration::ZERO, &why));
        let refused = link.get(true).await.err().expect("nobody is there");
        assert!(refused.contains("cannot connect"), "{refused}");
        assert!(!link.is_current(0) && !link.discard(0, Duration::ZERO, &why));
    }
}
