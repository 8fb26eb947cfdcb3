//! When requests ought to be sent.

use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::text::text;

/// Regular times, from a beginning on. The kernel's own timer wakes for them, because poll(2) knows milliseconds only.
#[derive(Debug)]
pub(super) struct Schedule {
    begin: Instant,
    interval: Duration,
    issued: u32,
    end: Option<Instant>,
    timer: TimerFd,
}

impl Schedule {
    pub(super) fn new(rate: f64, registry: &Registry, token: Token) -> Result<Self, String> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map_err(text)?;
        let fd = timer.as_fd().as_raw_fd();
        registry
            .register(&mut SourceFd(&fd), token, Interest::READABLE)
            .map_err(text)?;
        Ok(Self {
            begin: Instant::now(),
            interval: Duration::from_secs_f64(1.0 / rate),
            issued: 0,
            end: None,
            timer,
        })
    }

    /// The intended time of the next request, if that has come.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let next = self.next();
        (next <= now && self.end.is_none_or(|end| next < end)).then_some(next)
    }

    /// Nothing is due from `end` on.
    pub(super) fn end(&mut self, end: Instant) {
        self.end = Some(end);
    }

    fn next(&self) -> Instant {
        self.begin + self.interval * self.issued
    }

    pub(super) fn issue(&mut self) {
        self.issued += 1;
    }

    /// How long the next request has been due.
    pub(super) fn behind(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.next())
    }

    /// Wakes the poll at the next time.
    pub(super) fn arm(&self, now: Instant) -> Result<(), String> {
        let wait = self.next().saturating_duration_since(now);
        // Zero would disarm it.
        let wait = TimeSpec::from_duration(wait.max(Duration::from_nanos(1)));
        self.timer
            .set(Expiration::OneShot(wait), TimerSetTimeFlags::empty())
            .map_err(text)
    }
}
