//! The server: one worker thread a core, each with a runtime, a listener and connections of its own.

mod connection;
mod listener;
mod outgoing;
mod patience;
mod shutdown;
mod upload;
mod worker;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::available_parallelism;
use std::time::Duration;

use ipnet::IpNet;

pub use self::listener::IntoAddr;
use self::listener::Listeners;
pub use self::shutdown::ServerHandle;
use self::shutdown::{Phase, watch_signals};
use crate::error::{Error, ErrorKind};
use crate::proxy::Proxy;

/// A server that is bound but does not accept yet; [`run`](Self::run) starts it.
///
/// ```no_run
/// use std::time::Duration;
/// use dial::{Router, Server};
///
/// # async fn start() -> dial::Result<()> {
/// let server = Server::builder()
///     .workers(2)
///     .drain_timeout(Duration::from_secs(10))
///     .bind("127.0.0.1:0", Router::registered())?;
/// println!("listening on {}", server.local_addr());
/// let handle = server.handle();
/// // handle.shutdown() drains it from anywhere.
/// server.run().await
/// # }
/// ```
pub struct Server {
    listeners: Listeners,
    config: Config,
    wired: Wired,
    handle: ServerHandle,
}

/// Options of a [`Server`].
#[derive(Clone, Debug)]
pub struct ServerBuilder {
    config: Config,
}

#[derive(Clone, Debug)]
pub(crate) struct Config {
    workers: usize,
    max_connections: usize,
    header_read_timeout: Duration,
    body_timeout: Duration,
    drain_timeout: Duration,
    reuse_port: bool,
    signals: bool,
}

/// What a server runs: a [`Router`](crate::Router).
pub trait App {
    /// Validates it.
    #[doc(hidden)]
    fn wire(self) -> Result<Wired, Error>;
}

/// An application whose routes were validated.
#[doc(hidden)]
pub struct Wired {
    /// Makes a worker's own proxy.
    pub(crate) proxy: Arc<dyn Fn() -> Result<Proxy, Error> + Send + Sync>,
    /// Peers whose forwarding fields are believed.
    pub(crate) trusted: Arc<[IpNet]>,
}

impl Server {
    /// A builder with the default options.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            config: Config {
                workers: available_parallelism().map_or(1, usize::from),
                max_connections: 16_384,
                header_read_timeout: Duration::from_secs(10),
                body_timeout: Duration::from_mins(1),
                drain_timeout: Duration::from_secs(30),
                reuse_port: cfg!(target_os = "linux"),
                signals: true,
            },
        }
    }

    /// The address it is bound to; with the port that was chosen when 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.listeners.local_addr()
    }

    /// A handle that shuts the server down from anywhere.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Serves until it is shut down: by a [`ServerHandle`], by SIGINT or SIGTERM, or by dropping the future. Then it
    /// stops accepting, lets requests in flight end within the drain timeout, and closes what is left.
    ///
    /// The future may be awaited on any runtime, or on none: the workers have their own.
    ///
    /// # Errors
    /// A worker that could not be started.
    pub fn run(self) -> impl Future<Output = Result<(), Error>> + Send {
        let shutdown_when_dropped = self.handle.guard();
        let started = self.start();
        async move {
            let _guard = shutdown_when_dropped;
            let mut threads = started?;
            std::future::poll_fn(|cx| poll_ended(&mut threads, cx)).await
        }
    }

    fn start(self) -> Result<Vec<worker::Ended>, Error> {
        let Self {
            listeners,
            config,
            wired,
            handle,
        } = self;
        let phase = handle.subscribe();
        let (alive, workers) = tokio::sync::mpsc::channel(1);
        if config.signals
            && let Err(error) = watch_signals(handle, workers)
        {
            tracing::warn!("cannot listen for signals: {error}");
        }
        let (sources, acceptor) = listeners.into_sources(config.workers, phase.clone())?;
        sources
            .into_iter()
            .enumerate()
            .map(|(number, source)| {
                let worker = worker::Worker {
                    number,
                    source,
                    proxy: (wired.proxy)()?,
                    trusted: Arc::clone(&wired.trusted),
                    config: config.clone(),
                    phase: phase.clone(),
                };
                worker.spawn(alive.clone())
            })
            .chain(acceptor.map(Ok))
            .collect()
    }
}

/// Ready when all threads have ended, or one has failed: then nobody would notice that its share is missing.
fn poll_ended(threads: &mut Vec<worker::Ended>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
    let mut failed = None;
    threads.retain_mut(|thread| match Pin::new(thread).poll(cx) {
        Poll::Pending => true,
        Poll::Ready(ended) => {
            let died = |_| Err(Error::new(ErrorKind::Server, "a worker died"));
            if let Err(error) = ended.unwrap_or_else(died) {
                failed = Some(error);
            }
            false
        }
    });
    match failed {
        Some(error) => Poll::Ready(Err(error)),
        None if threads.is_empty() => Poll::Ready(Ok(())),
        None => Poll::Pending,
    }
}

impl ServerBuilder {
    /// How many worker threads. Default is one for each core; at least 1, at most 1024.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.config.workers = workers.clamp(1, 1024);
        self
    }

    /// How many client connections are held at a time, shared evenly among the workers, at least one each; more wait in
    /// the kernel's queue. Default is 16,384.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.config.max_connections = connections.max(1);
        self
    }

    /// How long a client may take to send a request's head, and how long it may idle before it sends one. Default is
    /// 10 s.
    #[must_use]
    pub fn header_read_timeout(mut self, timeout: Duration) -> Self {
        self.config.header_read_timeout = timeout;
        self
    }

    /// How long a client may send nothing of a request's body that is being read (then it is answered with 408), or take
    /// nothing of its response (then the connection is closed). Default is 60 s.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.config.body_timeout = timeout;
        self
    }

    /// How long requests in flight may take to end once a shutdown began. Default is 30 s.
    #[must_use]
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.config.drain_timeout = timeout;
        self
    }

    /// Whether each worker has a listener of its own, among which the kernel spreads connections. Otherwise one
    /// thread accepts and hands connections to the workers in turn. Default is on for Linux, where the kernel
    /// balances, and off elsewhere.
    #[must_use]
    pub fn reuse_port(mut self, reuse_port: bool) -> Self {
        self.config.reuse_port = reuse_port && cfg!(unix);
        self
    }

    /// Whether SIGINT and SIGTERM (Ctrl-C on Windows) drain the server; a second one ends it at once. Default is on.
    #[must_use]
    pub fn signals(mut self, signals: bool) -> Self {
        self.config.signals = signals;
        self
    }

    /// Validates the routes and binds, but does not accept yet.
    ///
    /// # Errors
    /// What is wrong with the routes ([`ErrorKind::Config`]), or with the address ([`ErrorKind::Server`], which names
    /// it).
    pub fn bind(self, addr: impl IntoAddr, app: impl App) -> Result<Server, Error> {
        let wired = app.wire()?;
        let workers = if self.config.reuse_port {
            self.config.workers
        } else {
            1
        };
        Ok(Server {
            listeners: Listeners::bind(&addr.into_addrs()?, workers)?,
            config: self.config,
            wired,
            handle: ServerHandle::new(),
        })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("local_addr", &self.local_addr())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Wired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wired")
    }
}

impl Config {
    /// How many connections worker `number` may hold; at least one.
    pub(crate) fn connections_of(&self, number: usize) -> usize {
        let extra = usize::from(number < self.max_connections % self.workers);
        (self.max_connections / self.workers + extra).max(1)
    }
}

/// The phase a worker waits for.
pub(crate) type PhaseReceiver = tokio::sync::watch::Receiver<Phase>;
