//! A request under way at an endpoint, where somebody counts or times it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use super::Upstream;
use super::circuit::Pass;
use super::endpoint::Endpoint;

/// From the attempt to send a request until its response was read to the end or given up.
pub(crate) struct Flight {
    upstream: Upstream,
    endpoint: Arc<Endpoint>,
    term: u32,
    is_counted: bool,
    /// What the upstream's breaker has let through, if there is one.
    pass: Option<Pass>,
    /// When it began, if it is timed.
    began: Option<Instant>,
    /// When the request is given up, if that would be for the endpoint's silence.
    deadline: Option<Instant>,
}

impl Flight {
    /// Of a request that is counted already.
    pub(super) fn counted(upstream: &Upstream, endpoint: &Arc<Endpoint>) -> Self {
        endpoint.load().latency.asked(Instant::now());
        let mut flight = Self::uncounted(upstream, endpoint);
        flight.is_counted = true;
        flight
    }

    /// Of a request that is only to be heard of.
    pub(super) fn uncounted(upstream: &Upstream, endpoint: &Arc<Endpoint>) -> Self {
        Self {
            upstream: upstream.clone(),
            endpoint: Arc::clone(endpoint),
            term: endpoint.term(),
            is_counted: false,
            pass: None,
            began: None,
            deadline: None,
        }
    }

    pub(super) fn is_counted(&self) -> bool {
        self.is_counted
    }

    /// The upstream's breaker has let it through.
    pub(super) fn passed(&mut self, pass: Pass) {
        self.pass = Some(pass);
    }

    /// From `now` on all time is the endpoint's own, and it is to blame if there is nothing until the `deadline`.
    pub(super) fn alone(&mut self, now: Instant, deadline: Option<Instant>) {
        self.began = self.is_counted.then_some(now);
        self.deadline = deadline;
    }

    /// A response has begun. Says how long that took, if it was timed.
    pub(super) fn answered(&mut self, status: StatusCode) -> Option<Duration> {
        self.deadline = None;
        if let Some(pass) = self.pass.take() {
            let failed = self.upstream.breaks(status);
            self.upstream.used(pass, &self.endpoint, failed);
        }
        let latency = self.began.map(|began| began.elapsed())?;
        self.endpoint.load().latency.add(latency);
        Some(latency)
    }

    /// There will be no response.
    pub(super) fn failed(&mut self, is_its_fault: bool) {
        self.deadline = None;
        if !is_its_fault {
            return;
        }
        self.endpoint.load().latency.failed();
        if let Some(pass) = self.pass.take() {
            self.upstream.used(pass, &self.endpoint, true);
        }
    }
}

impl Upstream {
    /// A request is under way at `endpoint` from now on; `None` when nobody counts.
    pub(super) fn enter(&self, endpoint: &Arc<Endpoint>) -> Option<Flight> {
        if !self.inner.settings.counts() {
            return None;
        }
        self.inner.in_flight.enter();
        endpoint.load().in_flight.enter();
        Some(Flight::counted(self, endpoint))
    }
}

/// It is over. One that was given up before there was a response is nobody's failure, as mostly the client has left; but for
/// one whose time was up.
impl Drop for Flight {
    fn drop(&mut self) {
        if self.deadline.is_some_and(|at| at <= Instant::now()) {
            self.failed(true);
            self.endpoint.gave_nothing(self.term);
        }
        // Whoever gets the room may need the pass as well.
        self.pass = None;
        if self.is_counted {
            self.endpoint.load().in_flight.leave();
            self.upstream.inner.in_flight.leave();
            self.upstream.dispatch();
        }
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Flight").field(&self.endpoint).finish()
    }
}
