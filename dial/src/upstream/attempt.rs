//! What becomes of the attempts at an endpoint, and its ejection if that is too bad.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::StatusCode;
use tokio::time::Instant;

use super::circuit::Pass;
use super::ejection::Ejection;
use super::endpoint::Endpoint;
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
    outlier: Outlier,
}

/// One attempt to send a request to an endpoint; whoever makes it tells how it ended.
pub(crate) struct Attempt<'a> {
    upstream: &'a Upstream,
    endpoint: &'a Arc<Endpoint>,
    /// What the upstream's breaker has let through, if there is one.
    pass: Option<Pass>,
    term: u32,
    /// When it began, if it is timed.
    began: Option<Instant>,
    /// When the request is given up, if that would be for the endpoint's silence.
    deadline: Option<Instant>,
}

impl Attempt<'_> {
    /// The upstream's breaker has let it through.
    pub(crate) fn passed(mut self, pass: Option<Pass>) -> Self {
        self.pass = pass;
        self
    }

    /// The request is there as a whole, so that all that it takes since it `began` is the endpoint's own time. It is given up
    /// at a `deadline`, `total` after it came: the endpoint is to blame for that if it had half of that time or more.
    pub(crate) fn alone(
        mut self,
        began: Option<Instant>,
        deadline: Option<(Instant, Duration)>,
    ) -> Self {
        self.began = began;
        self.deadline = deadline.and_then(|(at, total)| {
            let left = at.saturating_duration_since(Instant::now());
            (left >= total / 2).then_some(at)
        });
        self
    }

    /// It ended with the head of a response, or without one.
    pub(crate) fn ended(mut self, outcome: Result<StatusCode, &Error>) {
        self.deadline = None;
        let latency = match outcome {
            Ok(_) => self.began.map(|began| began.elapsed()),
            Err(_) => None,
        };
        if let Some(latency) = latency {
            self.endpoint.load().latency.add(latency);
        }
        let answered = match outcome {
            Ok(status) => Some(status),
            Err(error) if is_its_fault(error.kind()) => None,
            Err(_) => return,
        };
        if answered.is_none() {
            self.endpoint.load().latency.failed();
        }
        if let Some(pass) = self.pass.take() {
            let failed = answered.is_none_or(|status| self.upstream.breaks(status));
            self.upstream.used(pass, self.endpoint, failed);
        }
        let Some(Watch { rules, outlier, .. }) = self.endpoint.watch() else {
            return;
        };
        let failed = answered.is_none_or(|status| rules.is_failure(status));
        if rules.has_window() {
            outlier.counted(rules, Instant::now(), latency);
        }
        if failed {
            self.upstream.failed(self.endpoint, self.term);
        } else if latency.is_some() && rules.times() {
            self.upstream.compare(rules);
        }
    }
}

/// Given up before it ended: mostly because the client has left, and that is nobody's failure.
impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let late = self.deadline.is_some_and(|at| at <= Instant::now());
        if let Some(pass) = self.pass.take().filter(|_| late) {
            self.upstream.used(pass, self.endpoint, true);
        }
        if late {
            self.endpoint.load().latency.failed();
        }
        if late && let Some(Watch { rules, outlier, .. }) = self.endpoint.watch() {
            if rules.has_window() {
                outlier.counted(rules, Instant::now(), None);
            }
            self.upstream.failed(self.endpoint, self.term);
        }
    }
}

impl Endpoint {
    /// To be told with the failure of what is sent now.
    pub(crate) fn term(&self) -> u32 {
        self.watch().map_or(0, |watch| watch.outlier.term())
    }

    /// Whether a response with this status is a failure, however well it ends.
    pub(crate) fn is_failure(&self, status: StatusCode) -> bool {
        let watch = self.watch();
        watch.is_some_and(|watch| watch.rules.is_failure(status))
    }

    /// A response that is no failure was complete.
    pub(crate) fn completed(&self) {
        if let Some(watch) = self.watch() {
            watch.outlier.succeeded();
        }
    }

    /// A response to what was sent in `term` has broken off, or come to a halt.
    pub(crate) fn broke_off(self: &Arc<Self>, term: u32) {
        let upstream = self.watch().and_then(|watch| watch.upstream.upgrade());
        if let Some(inner) = upstream {
            Upstream { inner }.failed(self, term);
        }
    }

    fn watch(&self) -> Option<&Watch> {
        self.watch.get().map(|watch| &**watch)
    }
}

impl Upstream {
    /// An attempt at `endpoint` begins.
    pub(crate) fn attempt<'a>(&'a self, endpoint: &'a Arc<Endpoint>) -> Attempt<'a> {
        Attempt {
            upstream: self,
            endpoint,
            pass: None,
            term: endpoint.term(),
            began: None,
            deadline: None,
        }
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
                    outlier: Outlier::default(),
                })
            });
        }
    }

    /// An attempt at `endpoint` failed that was made in `term`.
    fn failed(&self, endpoint: &Arc<Endpoint>, term: u32) {
        let Some(Watch { rules, outlier, .. }) = endpoint.watch() else {
            return;
        };
        let now = Instant::now();
        if let Some(cause) = outlier.failed(rules, term, now) {
            self.eject(endpoint, cause, now);
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
