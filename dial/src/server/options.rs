//! What can be set on a server, and what it is unless set.

use std::thread::available_parallelism;
use std::time::Duration;

use super::listener::{IntoAddr, Listeners};
use super::{App, Server, ServerHandle};
use crate::error::Error;
use crate::h1::HeadLimits;
use crate::patience::Pace;

/// The longest first line there can be: a target is no longer than a [`Uri`](crate::Uri).
const LONGEST_LINE: usize = 65_534;
/// The most fields a head can have.
const MOST_FIELDS: usize = 256;

/// Options of a [`Server`].
///
/// A limit that a client oversteps costs it its request or its connection, and never anybody else's.
#[derive(Clone, Debug)]
pub struct ServerBuilder {
    config: Config,
}

#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(super) workers: usize,
    pub(super) max_connections: usize,
    pub(super) max_connections_per_client: Option<usize>,
    pub(super) max_requests_per_connection: usize,
    pub(super) max_connection_age: Duration,
    pub(super) head: HeadLimits,
    pub(super) header_read_timeout: Duration,
    pub(super) keep_alive_timeout: Duration,
    pub(super) body_timeout: Duration,
    pub(super) min_rate: u32,
    pub(super) read_ahead: usize,
    pub(super) tunnel_timeout: Duration,
    pub(super) proxy_protocol: bool,
    pub(super) drain_timeout: Duration,
    pub(super) reuse_port: bool,
    pub(super) signals: bool,
}

impl ServerBuilder {
    pub(super) fn new() -> Self {
        Self {
            config: Config::default(),
        }
    }

    /// How many worker threads. Default is one for each core; at least 1, at most 1024.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.config.workers = workers.clamp(1, 1024);
        self
    }

    /// How many client connections are held at a time, shared evenly among the workers, at least one each; more wait in
    /// the kernel's queue. Default is 32,768.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.config.max_connections = connections.max(1);
        self
    }

    /// How many connections one client may have at a time, over all workers; one too many is closed at once. A client is
    /// an IPv4 address, or an IPv6 network of 64 bits. Peers that [`Router::trust`](crate::Router::trust) names may have
    /// any number. Default is half of [`max_connections`](Self::max_connections); at least 1.
    #[must_use]
    pub fn max_connections_per_client(mut self, connections: usize) -> Self {
        self.config.max_connections_per_client = Some(connections.max(1));
        self
    }

    /// How many requests are answered on one connection; the last response says `connection: close`. Default is 10,000;
    /// at least 1.
    #[must_use]
    pub fn max_requests_per_connection(mut self, requests: usize) -> Self {
        self.config.max_requests_per_connection = requests.max(1);
        self
    }

    /// How old a connection may become. Past that an idle one is closed, and one that is busy says `connection: close`
    /// with its response. Default is 1 h.
    #[must_use]
    pub fn max_connection_age(mut self, age: Duration) -> Self {
        self.config.max_connection_age = age;
        self
    }

    /// The longest first line of a request, in bytes, its line end not counted; a longer one is answered with 414.
    /// Default is 16 KiB; at most 65,534.
    #[must_use]
    pub fn max_request_line(mut self, bytes: usize) -> Self {
        self.config.head.line = bytes.min(LONGEST_LINE);
        self
    }

    /// The longest head of a request, in bytes, with its first line and all line ends; a longer one is answered with 431
    /// (RFC 6585 §5). Default is 64 KiB.
    #[must_use]
    pub fn max_header_bytes(mut self, bytes: usize) -> Self {
        self.config.head.bytes = bytes;
        self
    }

    /// How many fields the head of a request may have; more are answered with 431 (RFC 6585 §5). Default is 128; at
    /// least 1, at most 256.
    #[must_use]
    pub fn max_headers(mut self, fields: usize) -> Self {
        self.config.head.fields = fields.clamp(1, MOST_FIELDS);
        self
    }

    /// How long a client may take to send a request's head once it has begun to (then it is answered with 408), and how
    /// long it may be silent on a new connection (then that is closed). Default is 10 s.
    #[must_use]
    pub fn header_read_timeout(mut self, timeout: Duration) -> Self {
        self.config.header_read_timeout = timeout;
        self
    }

    /// How long a connection may lie idle between two requests before it is closed. Default is 60 s.
    #[must_use]
    pub fn keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.config.keep_alive_timeout = timeout;
        self
    }

    /// How long a client may send nothing of a request's body that is being read (then it is answered with 408), or take
    /// nothing of its response (then the connection is closed). Default is 60 s.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.config.body_timeout = timeout;
        self
    }

    /// How many bytes a client has to send of a request's body, or take of its response, for each second it was waited
    /// for, once that is longer than [`body_timeout`](Self::body_timeout) in all: otherwise it is treated as there. Time in which dial waits for something else does not count. Default is 240; 0 switches it off.
    #[must_use]
    pub fn min_rate(mut self, bytes_per_second: u32) -> Self {
        self.config.min_rate = bytes_per_second;
        self
    }

    /// How many bytes a client may send ahead while its request is answered; more are left to the kernel. Default is
    /// 16 KiB; at least 1, for by reading dial sees that a client has left.
    #[must_use]
    pub fn read_ahead(mut self, bytes: usize) -> Self {
        self.config.read_ahead = bytes.max(1);
        self
    }

    /// How long nothing may move through a tunnel (RFC 9110 §7.8, §9.3.6) before it is closed. Default is 10 min.
    #[must_use]
    pub fn tunnel_timeout(mut self, timeout: Duration) -> Self {
        self.config.tunnel_timeout = timeout;
        self
    }

    /// Whether each connection has to begin with a header of the PROXY protocol, version 1 or 2 (haproxy's
    /// `proxy-protocol.txt`). The address in it then is the client's wherever dial asks for that: in forwarding fields,
    /// for trust, for handlers, and in [`max_connections_per_client`](Self::max_connections_per_client). Where it has
    /// none (LOCAL, UNKNOWN, UNSPEC, `AF_UNIX`) it is the peer's own. A connection whose header is malformed, or not there
    /// within [`header_read_timeout`](Self::header_read_timeout), is closed without an answer.
    ///
    /// Whoever can connect can claim any address: let only proxies do so that always send it. Default is off.
    #[must_use]
    pub fn proxy_protocol(mut self, required: bool) -> Self {
        self.config.proxy_protocol = required;
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
    ///
    /// The kernel chooses by a hash of addresses and ports. That evens out over many clients; where a few keep all the load
    /// on long-lived connections, as another proxy in front does, turn it off, so that each worker gets as many as the
    /// others. A connection never moves to another worker.
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
    /// What is wrong with the routes ([`ErrorKind::Config`](crate::ErrorKind::Config)), or with the address
    /// ([`ErrorKind::Server`](crate::ErrorKind::Server), which names it).
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

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: available_parallelism().map_or(1, usize::from),
            max_connections: 32_768,
            max_connections_per_client: None,
            max_requests_per_connection: 10_000,
            max_connection_age: Duration::from_hours(1),
            head: HeadLimits {
                line: 16 * 1024,
                bytes: 64 * 1024,
                fields: 128,
            },
            header_read_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_mins(1),
            body_timeout: Duration::from_mins(1),
            min_rate: 240,
            read_ahead: 16 * 1024,
            tunnel_timeout: Duration::from_mins(10),
            proxy_protocol: false,
            drain_timeout: Duration::from_secs(30),
            reuse_port: cfg!(target_os = "linux"),
            signals: true,
        }
    }
}

impl Config {
    /// How many connections worker `number` may hold; at least one.
    pub(super) fn connections_of(&self, number: usize) -> usize {
        let extra = usize::from(number < self.max_connections % self.workers);
        (self.max_connections / self.workers + extra).max(1)
    }

    /// How many connections one client may have; at least one.
    pub(super) fn connections_of_client(&self) -> usize {
        let limit = self.max_connections_per_client;
        limit.unwrap_or(self.max_connections / 2).max(1)
    }

    /// What is expected of a client that sends a body or takes a response.
    pub(super) fn pace(&self) -> Pace {
        Pace {
            idle: self.body_timeout,
            rate: self.min_rate,
        }
    }
}
