//! What becomes of the attempts at an endpoint, and its ejection if that is too bad.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use super::circuit::Pass;
use super::ejection::Ejection;
use super::endpoint::Endpoint;
use super::flight::Flight;
use super::member::Member;
use super::outlier::{Cause, Outlier};
use super::window::step;
use super::{Inner, Upstream};
use crate::error::{Error, ErrorKind};

/// What an endpoint has whose upstream may eject it.
#[derive(Debug)]
pub(super) struct Watch {
    upstream: Weak<Inner>,
    rules: Arc<Ejection>,
    /// Whether the rules have one.
    has_window: bool,
    outlier: Outlier,
}

/// One attempt to send a request to an endpoint, until its response was read to the end or given up. Whoever makes it tells
/// what comes of it, and of which endpoint. At one of no upstream it is the default, and nobody is told.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    /// What counts and times it, where somebody asks for that. In a box: most requests have none, and all carry the room for
    /// one along.
    flight: Option<Box<Flight>>,
    /// When it began, as its endpoint counts.
    term: u32,
    /// Whether the response does the endpoint credit once it is complete.
    succeeds: bool,
}

impl Attempt {
    pub(super) fn begun(endpoint: &Endpoint, flight: Option<Flight>) -> Self {
        Self {
            flight: flight.map(Box::new),
            term: endpoint.term(),
            succeeds: false,
        }
    }

    /// The upstream's breaker has let it through.
    pub(super) fn passed(
        mut self,
        upstream: &Upstream,
        endpoint: &Arc<Endpoint>,
        pass: Pass,
    ) -> Self {
        let uncounted = || Box::new(Flight::uncounted(upstream, endpoint));
        let flight = self.flight.get_or_insert_with(uncounted);
        flight.passed(pass);
        self
    }

    /// Whether somebody counts the requests under way.
    pub(crate) fn is_counted(&self) -> bool {
        self.flight
            .as_ref()
            .is_some_and(|flight| flight.is_counted())
    }

    /// The request is there as a whole, so that all that it takes from now on is the endpoint's own time. It is given up at a
    /// `deadline`, `total` after it came: the endpoint is to blame for that if it had half of that time or more.
    pub(crate) fn alone(
        &mut self,
        endpoint: &Arc<Endpoint>,
        deadline: Option<(Instant, Duration)>,
    ) {
        if self.flight.is_none() && deadline.is_none() {
            return;
        }
        let now = Instant::now();
        let had_half =
            |(at, total): &(Instant, Duration)| at.saturating_duration_since(now) >= *total / 2;
        let deadline = deadline.filter(had_half).map(|(at, _)| at);
        if deadline.is_some() && self.flight.is_none() {
            let upstream = endpoint.watch().and_then(Watch::upstream);
            let flight = |upstream| Box::new(Flight::uncounted(&upstream, endpoint));
            self.flight = upstream.map(flight);
        }
        if let Some(flight) = &mut self.flight {
            flight.alone(now, deadline);
        }
    }

    /// A response has begun.
    pub(crate) fn answered(&mut self, endpoint: &Arc<Endpoint>, status: StatusCode) {
        let flight = self.flight.as_mut();
        let latency = flight.and_then(|flight| flight.answered(status));
        let Some(watch) = endpoint.watch() else {
            return;
        };
        let Watch { rules, outlier, .. } = watch;
        self.succeeds = !rules.is_failure(status);
        if watch.has_window {
            outlier.counted(rules, Instant::now(), latency);
        }
        if !self.succeeds {
            endpoint.failed(self.term);
        } else if latency.is_some()
            && rules.times()
            && let Some(upstream) = watch.upstream()
        {
            upstream.compare(rules);
        }
    }

    /// There is no response, and there will be none.
    pub(crate) fn failed(mut self, endpoint: &Arc<Endpoint>, error: &Error) {
        let is_its_fault = is_its_fault(error.kind());
        if let Some(flight) = &mut self.flight {
            flight.failed(is_its_fault);
        }
        if is_its_fault {
            endpoint.gave_nothing(self.term);
        }
    }

    /// The response was complete.
    pub(crate) fn completed(&self, endpoint: &Endpoint) {
        if self.succeeds
            && let Some(watch) = endpoint.watch()
        {
            watch.outlier.succeeded();
        }
    }

    /// The response has broken off, or come to a halt. One whose status is a failure has been counted.
    pub(crate) fn broke_off(&self, endpoint: &Arc<Endpoint>) {
        if self.succeeds {
            endpoint.failed(self.term);
        }
    }
}

impl Watch {
    /// Whom an endpoint belongs to, as long as that lasts.
    fn upstream(&self) -> Option<Upstream> {
        self.upstream.upgrade().map(|inner| Upstream { inner })
    }
}

impl Endpoint {
    /// To be told with the failure of what is sent now.
    pub(super) fn term(&self) -> u32 {
        self.watch().map_or(0, |watch| watch.outlier.term())
    }

    /// An attempt of `term` came to no response.
    pub(super) fn gave_nothing(self: &Arc<Self>, term: u32) {
        if let Some(watch) = self.watch()
            && watch.has_window
        {
            let Watch { rules, outlier, .. } = watch;
            outlier.counted(rules, Instant::now(), None);
        }
        self.failed(term);
    }

    /// An attempt failed that was made in `term`.
    fn failed(self: &Arc<Self>, term: u32) {
        let Some(watch) = self.watch() else {
            return;
        };
        let now = Instant::now();
        if let Some(cause) = watch.outlier.failed(&watch.rules, term, now)
            && let Some(upstream) = watch.upstream()
        {
            upstream.eject(self, cause, now);
        }
    }

    fn watch(&self) -> Option<&Watch> {
        self.watch.get().map(|watch| &**watch)
    }
}

impl Upstream {
    /// An attempt at `endpoint` begins, and is counted where somebody asks for that.
    pub(crate) fn attempt(&self, endpoint: &Arc<Endpoint>) -> Attempt {
        Attempt::begun(endpoint, self.enter(endpoint))
    }

    /// Has those that are new here tell this upstream what becomes of its requests.
    pub(super) fn observe(&self, members: &[Member]) {
        let Some(rules) = &self.inner.settings.ejection else {
            return;
        };
        for member in members {
            member.endpoint.watch.get_or_init(|| {
                Box::new(Watch {
                    upstream: Arc::downgrade(&self.inner),
                    rules: Arc::clone(rules),
                    has_window: rules.has_window(),
                    outlier: Outlier::default(),
                })
            });
        }
    }

    /// Ejects `endpoint`, unless it is ejected already, or enough others are.
    fn eject(&self, endpoint: &Arc<Endpoint>, cause: Cause, now: Instant) {
        let Some(Watch { rules, outlier, .. }) = endpoint.watch() else {
            return;
        };
        if endpoint.health().ejected_until(now).is_some() {
            return;
        }
        // Asked here first, so that an upstream in trouble does not have all of its failures wait for one lock.
        if !may_eject(self.inner.snapshot.load().members(), endpoint, rules, now) {
            outlier.spare();
            return;
        }
        let writing = self.writing();
        let free = endpoint.health().ejected_until(now).is_none();
        if !free || !may_eject(self.inner.snapshot.load().members(), endpoint, rules, now) {
            return;
        }
        let time = outlier.eject(rules, now);
        endpoint.health().eject(now + time);
        drop(writing);
        self.refresh();
        let cause = cause.as_str();
        tracing::warn!(target: "dial::upstream", %endpoint, cause, ?time, "ejected");
    }

    /// Looks for those that are far slower than the others, once in a step of the window.
    fn compare(&self, rules: &Ejection) {
        let now = Instant::now();
        let step = step(rules.window_length(), now);
        let compared = &self.inner.compared;
        let last = compared.load(Ordering::Relaxed);
        if last == step
            || compared
                .compare_exchange(last, step, Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        let snapshot = self.inner.snapshot.load();
        let latency = |member: &Member| {
            let watch = member.endpoint.watch()?;
            let latency = watch.outlier.latency(rules, now)?;
            Some((latency, Arc::clone(&member.endpoint)))
        };
        let mut latencies: Vec<_> = snapshot.members().iter().filter_map(latency).collect();
        latencies.sort_unstable_by_key(|(latency, _)| *latency);
        // The lower one of two: of a fast and a slow one, the slow one is the outlier.
        let median = latencies.len().saturating_sub(1) / 2;
        let Some(limit) = latencies.get(median).and_then(|it| rules.too_slow(it.0)) else {
            return;
        };
        let slow = latencies.drain(median + 1..).rev();
        for (_, endpoint) in slow.take_while(|(latency, _)| *latency >= limit) {
            self.eject(&endpoint, Cause::Latency, now);
        }
    }
}

/// Whether one more may be ejected, and it can be this one: it is a member, and there is another that is up.
fn may_eject(members: &[Member], endpoint: &Arc<Endpoint>, rules: &Ejection, now: Instant) -> bool {
    let open = || members.iter().filter(|member| !member.draining);
    let is_it = |member: &Member| Arc::ptr_eq(&member.endpoint, endpoint);
    let ejected = |member: &&Member| member.endpoint.health().ejected_until(now).is_some();
    let another = |member: &Member| !is_it(member) && member.endpoint.health().is_up(now);
    members.iter().any(is_it)
        && open().filter(ejected).count() < rules.most(open().count())
        && (rules.may_take_all() || open().any(another))
}

/// Whether an attempt failed in a way the endpoint, or the way to it, is to blame for.
fn is_its_fault(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Resolve
            | ErrorKind::Connect
            | ErrorKind::ConnectTimeout
            | ErrorKind::Tls
            | ErrorKind::Disconnected
            | ErrorKind::BadResponse
            | ErrorKind::ResponseTimeout
            | ErrorKind::ResponseBody
    )
}
