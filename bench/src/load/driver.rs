//! The loop that drives all connections.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use super::connection::{Connection, Material, Turn};
use super::schedule::Schedule;
use super::{Latency, Mode, Outcome, Spec};
use crate::stats::percentile;
use crate::text::text;
use crate::usage::{Cpu, Memory};

/// Connections that are being opened at a time, so that no listener's queue overflows.
const OPENING: usize = 64;
/// The longest that anything may stand still.
const PATIENCE: Duration = Duration::from_secs(10);
/// A rate is not held when requests have waited so long to be sent.
const LOST: Duration = Duration::from_secs(1);
/// Or so long at the window's end.
const BEHIND: Duration = Duration::from_millis(100);
const TIMER: Token = Token(usize::MAX - 1);

/// Opens the connections, warms up, measures.
pub(crate) fn run(spec: Spec) -> Result<Outcome, String> {
    let mut driver = Driver::new(spec)?;
    if matches!(driver.spec.mode, Mode::Idle { .. }) {
        // Connections of the requests before it are taken down.
        std::thread::sleep(Duration::from_secs(2));
    }
    driver.outcome.before = Memory::of(driver.spec.group)?;
    driver.open()?;
    match driver.spec.mode {
        Mode::Idle { settle_ms } => driver.hold(Duration::from_millis(settle_ms))?,
        _ => driver.measure()?,
    }
    Ok(driver.outcome)
}

struct Driver {
    spec: Spec,
    material: Material,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    connections: Vec<Connection>,
    /// Connections that wait for a request, the one that has waited longest first.
    ready: VecDeque<usize>,
    in_flight: usize,
    next_head: usize,
    /// Whether an answer is followed by the next request.
    sending: bool,
    answered: u64,
    schedule: Option<Schedule>,
    /// Latencies of what ought to have been sent from then on.
    recording: Option<Instant>,
    latencies: Vec<u64>,
    outcome: Outcome,
}

impl Driver {
    fn new(mut spec: Spec) -> Result<Self, String> {
        Ok(Self {
            material: Material {
                heads: std::mem::take(&mut spec.heads),
                body: vec![b'x'; spec.body],
                expect: spec.expect,
                closes: spec.mode == Mode::NewConnections,
            },
            poll: Poll::new().map_err(text)?,
            events: Events::with_capacity(1024),
            buffer: vec![0; 256 * 1024],
            connections: Vec::with_capacity(spec.connections),
            ready: VecDeque::with_capacity(spec.connections),
            in_flight: 0,
            next_head: 0,
            sending: false,
            answered: 0,
            schedule: None,
            recording: None,
            latencies: Vec::new(),
            outcome: Outcome::default(),
            spec,
        })
    }

    /// All connections, before the first request.
    fn open(&mut self) -> Result<(), String> {
        let target = self.spec.target;
        while self.ready.len() < self.spec.connections {
            let opening = self.connections.len() - self.ready.len();
            let missing = self.spec.connections - self.connections.len();
            for _ in 0..missing.min(OPENING - opening) {
                let token = self.connections.len();
                let connection = Connection::open(target, self.poll.registry(), token);
                self.connections.push(connection.map_err(text)?);
            }
            self.turn_or_fail("opening connections")?;
        }
        self.sending = true;
        Ok(())
    }

    fn measure(&mut self) -> Result<(), String> {
        if let Mode::Rate(rate) = self.spec.mode {
            self.schedule = Some(Schedule::new(rate, self.poll.registry(), TIMER)?);
        }
        let warm_up = Duration::from_millis(self.spec.warm_up_ms);
        let window = Duration::from_millis(self.spec.window_ms);
        if !self.until(Instant::now() + warm_up)? {
            self.outcome.latency = Some(Latency::NotHeld);
            return Ok(());
        }
        let before = Cpu::of(self.spec.group)?;
        let (begin, answered) = (Instant::now(), self.answered);
        // Looking at the peer has taken a moment, in which nothing was sent.
        self.recording = Some(begin + window / 20);
        let held = self.until(begin + window)? && self.behind() < BEHIND;
        if held && let Some(schedule) = &mut self.schedule {
            schedule.end(begin + window);
            self.drain()?;
        }
        self.outcome.seconds = begin.elapsed().as_secs_f64();
        self.outcome.requests = self.answered - answered;
        self.outcome.cpu = Cpu::of(self.spec.group)?.since(&before);
        self.outcome.after = Memory::of(self.spec.group)?;
        if held {
            return self.judge();
        }
        self.outcome.latency = Some(Latency::NotHeld);
        Ok(())
    }

    /// What was to be sent within the window counts, to the last.
    fn drain(&mut self) -> Result<(), String> {
        let begin = Instant::now();
        loop {
            self.dispatch()?;
            if self.in_flight == 0 {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                return Err("requests that are not answered".to_owned());
            }
            self.turn_or_fail("the last answers")?;
        }
    }

    /// Nothing may be left without an answer for long.
    fn judge(&mut self) -> Result<(), String> {
        let p50 = percentile(&mut self.latencies, 0.5);
        let p99 = percentile(&mut self.latencies, 0.99);
        self.outcome.latency = p50.zip(p99).map(|(p50, p99)| Latency::Held { p50, p99 });
        let oldest = self.connections.iter().filter_map(Connection::busy).min();
        match oldest {
            Some(since) if since.elapsed() > PATIENCE / 2 => {
                Err("a request that is not answered".to_owned())
            }
            _ if self.outcome.requests == 0 => Err("no request was answered".to_owned()),
            _ => Ok(()),
        }
    }

    /// One request on each connection, then silence.
    fn hold(&mut self, settle: Duration) -> Result<(), String> {
        let all = self.spec.connections as u64;
        while self.answered < all {
            self.dispatch()?;
            self.turn_or_fail("one request on each connection")?;
        }
        let end = Instant::now() + settle;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.turn(left)?;
        }
        self.outcome.requests = self.answered;
        self.outcome.after = Memory::of(self.spec.group)?;
        Ok(())
    }

    /// False when the rate cannot be held.
    fn until(&mut self, end: Instant) -> Result<bool, String> {
        let (mut last, mut moved) = (self.answered, Instant::now());
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(true);
            }
            if self.answered > last {
                (last, moved) = (self.answered, now);
            } else if now.duration_since(moved) > PATIENCE {
                return Err(format!("no answer for {PATIENCE:?}"));
            }
            if self.behind() > LOST {
                return Ok(false);
            }
            self.dispatch()?;
            if let Some(schedule) = &self.schedule {
                schedule.arm(Instant::now())?;
            }
            self.turn(end.duration_since(now))?;
        }
    }

    /// Of the schedule, if there is one.
    fn behind(&self) -> Duration {
        let schedule = self.schedule.as_ref();
        schedule.map_or(Duration::ZERO, |schedule| schedule.behind(Instant::now()))
    }

    /// Sends as much as may be under way.
    fn dispatch(&mut self) -> Result<(), String> {
        while self.sending && self.in_flight < self.spec.in_flight {
            let now = Instant::now();
            let since = match &self.schedule {
                Some(schedule) => schedule.due(now),
                None => Some(now),
            };
            let Some(since) = since else {
                return Ok(());
            };
            let Some(index) = self.ready.pop_front() else {
                return Ok(());
            };
            if let Some(schedule) = &mut self.schedule {
                schedule.issue();
            }
            self.in_flight += 1;
            let head = self.next_head;
            self.next_head = (head + 1) % self.material.heads.len();
            self.connections[index].start(head, since, &self.material)?;
        }
        Ok(())
    }

    fn turn_or_fail(&mut self, what: &str) -> Result<(), String> {
        match self.turn(PATIENCE)? {
            true => Ok(()),
            false => Err(format!("{what}: nothing for {PATIENCE:?}")),
        }
    }

    /// Waits for events, and follows each one up at once. False when there was none.
    fn turn(&mut self, wait: Duration) -> Result<bool, String> {
        let polled = self.poll.poll(&mut self.events, Some(wait));
        match polled {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            other => other.map_err(text)?,
        }
        let mut events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        let outcome = events.iter().try_for_each(|event| {
            let index = event.token();
            match index == TIMER {
                true => self.dispatch(),
                false => self.event(index.0, event.is_read_closed()),
            }
        });
        std::mem::swap(&mut self.events, &mut events);
        outcome.map(|()| !self.events.is_empty())
    }

    fn event(&mut self, index: usize, closed: bool) -> Result<(), String> {
        let turn = self.connections[index].turn(&mut self.buffer, closed, &self.material)?;
        match turn {
            Turn::Waiting => return Ok(()),
            Turn::Connected => self.ready.push_back(index),
            Turn::Ended => self.reopen(index)?,
            Turn::Answered { since, close } => {
                self.answered += 1;
                self.in_flight -= 1;
                self.record(since);
                match self.spec.mode {
                    // It ends with an event of its own, which may have come already.
                    Mode::NewConnections if closed => return self.event(index, closed),
                    Mode::NewConnections | Mode::Idle { .. } => {}
                    _ if close => {
                        self.outcome.reconnects += 1;
                        self.reopen(index)?;
                    }
                    _ => self.ready.push_back(index),
                }
            }
        }
        self.dispatch()
    }

    fn reopen(&mut self, index: usize) -> Result<(), String> {
        let connection = Connection::open(self.spec.target, self.poll.registry(), index);
        self.connections[index] = connection.map_err(text)?;
        Ok(())
    }

    fn record(&mut self, since: Instant) {
        if self.schedule.is_some() && self.recording.is_some_and(|begin| since >= begin) {
            let nanos = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.latencies.push(nanos);
        }
    }
}
