//! How much an upstream takes on at once.

use std::time::Duration;

use super::range::{HOUR, MS, within};
use crate::error::Error;

/// How many requests an upstream, and each of its hosts, takes on at a time; more wait in a queue, and what finds no room
/// there or waits too long is answered with 503 and a `Retry-After` of the [time to wait](Self::queue_timeout) (RFC 9110
/// §15.6.4).
///
/// A request counts from the attempt to send it until its response was read to the end or given up, on all routes and
/// workers that share the upstream. The queue is one, first come, first served; a request that may not go to the host that has
/// room lets others pass, also where the queue is full. While hosts are only full, neither backups nor sick hosts take their place, and a client that is
/// kept with its host waits for that one. A [`Retry`](crate::Retry) after a response is not made while others wait.
///
/// ```
/// use std::time::Duration;
/// use dial::{Limits, Upstream};
///
/// let upstream = Upstream::builder()
///     .hosts(["a:8080", "b:8080"])
///     .limits(Limits::new().requests_per_host(100).queue(500).queue_timeout(Duration::from_secs(2)))
///     .build()?;
/// # assert_eq!(upstream.queued(), 0);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    pub(super) requests: Option<usize>,
    pub(super) requests_per_host: Option<usize>,
    pub(super) connections_per_host: Option<usize>,
    pub(super) queue: usize,
    pub(super) queue_timeout: Duration,
    pub(super) overload_timeout: Option<Duration>,
    /// The first setting that is about those who wait, if there was one.
    of_queue: Option<&'static str>,
}

/// The largest number that is understood as a limit.
const MOST: usize = 1_000_000;

impl Limits {
    /// No limit yet; a queue of 1,024, for those that are set.
    #[must_use]
    pub fn new() -> Self {
        Self {
            requests: None,
            requests_per_host: None,
            connections_per_host: None,
            queue: 1024,
            queue_timeout: Duration::from_secs(5),
            overload_timeout: None,
            of_queue: None,
        }
    }

    /// How many requests may be under way at all hosts together, 1 to 1,000,000. Default is any number.
    #[must_use]
    pub fn requests(mut self, requests: usize) -> Self {
        self.requests = Some(requests);
        self
    }

    /// How many requests may be under way at each host, whatever its weight: 1 to 1,000,000, and no more than
    /// [`requests`](Self::requests) and [`connections_per_host`](Self::connections_per_host), which would hold before it.
    /// Default is any number.
    #[must_use]
    pub fn requests_per_host(mut self, requests: usize) -> Self {
        self.requests_per_host = Some(requests);
        self
    }

    /// How many connections may be open to each host, 1 to 1,000,000: those of requests, of tunnels, and idle ones of all
    /// workers, but not those of health checks. Default is any number.
    ///
    /// A request takes a connection, so this bounds [`requests_per_host`](Self::requests_per_host) too. Where idle connections
    /// of other workers are all there is room for, one of them is closed to make room.
    #[must_use]
    pub fn connections_per_host(mut self, connections: usize) -> Self {
        self.connections_per_host = Some(connections);
        self
    }

    /// How many requests may wait for room, 0 to 1,000,000; with 0 none does, and there are no times to wait. Default is
    /// 1,024.
    #[must_use]
    pub fn queue(mut self, requests: usize) -> Self {
        self.queue = requests;
        self
    }

    /// How long a request waits for room, 1 ms to 1 h. Default is 5 s.
    #[must_use]
    pub fn queue_timeout(mut self, limit: Duration) -> Self {
        self.of_queue.get_or_insert("queue_timeout");
        self.queue_timeout = limit;
        self
    }

    /// How long a request waits for room while the queue has not been empty for as long as
    /// [`queue_timeout`](Self::queue_timeout), 1 ms up to that. Default is no less than at other times.
    ///
    /// A queue takes up a burst. One that never empties only makes everybody wait, and many wait in vain; then it is better to
    /// answer some at once and the rest soon (load shedding, after RFC 8289).
    #[must_use]
    pub fn overload_timeout(mut self, limit: Duration) -> Self {
        self.of_queue.get_or_insert("overload_timeout");
        self.overload_timeout = Some(limit);
        self
    }

    /// What requests at one host come down to.
    pub(super) fn per_host(&self) -> Option<usize> {
        let limits = [self.requests_per_host, self.connections_per_host];
        limits.into_iter().flatten().min()
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let counts = [
            ("requests", self.requests),
            ("requests_per_host", self.requests_per_host),
            ("connections_per_host", self.connections_per_host),
        ];
        for (name, limit) in counts {
            if let Some(limit) = limit {
                within("limits", name, &limit, 1..=MOST)?;
            }
        }
        if counts.iter().all(|(_, limit)| limit.is_none()) {
            return Err(Error::config("limits: nothing is limited"));
        }
        // A limit above another one that holds first is none.
        let others = [self.requests, self.connections_per_host];
        if let Some(limit) = self.requests_per_host {
            let most = others.into_iter().flatten().min().unwrap_or(MOST);
            within("limits", "requests_per_host", &limit, 1..=most)?;
        }
        within("limits", "queue", &self.queue, 0..=MOST)?;
        if let (0, Some(name)) = (self.queue, self.of_queue) {
            let what = format!("limits: {name} is given, but with a queue of 0 no request waits");
            return Err(Error::config(what));
        }
        within("limits", "queue_timeout", &self.queue_timeout, MS..=HOUR)?;
        if let Some(limit) = self.overload_timeout {
            within(
                "limits",
                "overload_timeout",
                &limit,
                MS..=self.queue_timeout,
            )?;
        }
        Ok(())
    }
}

impl Default for Limits {
    /// [`Limits::new`].
    fn default() -> Self {
        Self::new()
    }
}
