//! How long a connection goes on, and how long it is waited for between two requests.

use std::time::Duration;

use tokio::time::Instant;

use super::options::Config;
use crate::h1::HeadLimits;
use crate::patience::after;

/// How far a connection has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) since: Instant,
    /// Requests whose head was read.
    pub(super) requests: usize,
}

impl Life {
    pub(super) fn new() -> Self {
        Self {
            since: Instant::now(),
            requests: 0,
        }
    }

    /// When a connection ends that is idle from `now` on.
    pub(super) fn idle_until(&self, now: Instant, config: &Config) -> Instant {
        let limit = match self.requests {
            0 => config.header_read_timeout,
            _ => config.keep_alive_timeout,
        };
        after(now, limit).min(after(self.since, config.max_connection_age))
    }

    /// Whether no request may follow.
    pub(super) fn is_over(&self, config: &Config) -> bool {
        self.requests >= config.max_requests_per_connection
            || self.since.elapsed() >= config.max_connection_age
    }
}

/// How long a connection is kept ready for its next request, before only its socket is kept.
const STAY_READY: Duration = Duration::from_secs(1);

/// The wait for one head. No clock is read for one that is there already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct HeadWait {
    idle: Option<Instant>,
    /// Until when the connection stays ready meanwhile.
    ready: Option<Instant>,
    /// Set with the first byte, and never later: empty lines win no time.
    begun: Option<Instant>,
}

impl HeadWait {
    /// The rest of a wait that ends at `deadline` unless something comes.
    pub(super) fn rest(deadline: Instant) -> Self {
        Self {
            idle: Some(deadline),
            ..Self::default()
        }
    }

    /// When to look what to do; `idle` is whether nothing of the head has come.
    pub(super) fn until(&mut self, idle: bool, life: &Life, config: &Config) -> Instant {
        if let Some(begun) = self.begun {
            return begun;
        }
        if !idle {
            let head = after(Instant::now(), config.header_read_timeout);
            return *self.begun.insert(head);
        }
        if let (Some(idle), Some(ready)) = (self.idle, self.ready) {
            return idle.min(ready);
        }
        let now = Instant::now();
        let ready = *self.ready.insert(after(now, STAY_READY));
        let idle = self
            .idle
            .get_or_insert_with(|| life.idle_until(now, config));
        ready.min(*idle)
    }

    /// When to give up, if it is only the time to stay ready that is over.
    pub(super) fn goes_on(&self) -> Option<Instant> {
        match (self.begun, self.idle, self.ready) {
            (None, Some(idle), Some(ready)) if ready < idle => Some(idle),
            _ => None,
        }
    }
}

/// Whether bytes from `before` on can have changed what came of parsing a head: one that drips in is not parsed anew for
/// each byte.
pub(super) fn is_worth_parsing(input: &[u8], before: usize, limits: &HeadLimits) -> bool {
    // The first line is too long if its end is not among so many bytes.
    let line = limits.line + "\r\n".len();
    input[before..].contains(&b'\n')
        || (before < line && input.len() >= line)
        || input.len() >= limits.bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_goes_on_only_while_nothing_has_begun() {
        let config = Config::default();
        let mut life = Life::new();
        life.requests = 1;
        let start = Instant::now();
        let mut wait = HeadWait::default();
        assert_eq!(wait.until(true, &life, &config), start + STAY_READY);
        let deadline = start + config.keep_alive_timeout;
        assert_eq!(wait.goes_on(), Some(deadline));

        // Half an empty line looks like a head until the other half is there.
        let head = start + config.header_read_timeout;
        assert_eq!(wait.until(false, &life, &config), head);
        assert_eq!(wait.until(true, &life, &config), head);
        assert_eq!(wait.goes_on(), None);

        let mut rest = HeadWait::rest(start + STAY_READY / 2);
        assert_eq!(rest.until(true, &life, &config), start + STAY_READY / 2);
        assert_eq!(rest.goes_on(), None, "it ends before it stops to be ready");
    }
}
