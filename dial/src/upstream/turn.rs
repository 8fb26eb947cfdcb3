//! Who gets a request: an endpoint with room for it.

use std::sync::Arc;

use super::Upstream;
use super::attempt::Attempt;
use super::circuit::Pass;
use super::endpoint::Endpoint;
use super::flight::Flight;
use super::limits::Limits;
use super::tried::Ask;
use crate::error::Error;

/// So often others may be quicker to take the room at the endpoint that was chosen; then the request waits for its turn.
const MAX_RACES: u32 = 8;

/// An endpoint that was chosen for a request, and counts it from now on.
pub(crate) struct Turn {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) attempt: Attempt,
}

/// What an upstream has for a request.
pub(crate) enum Room {
    At(Turn),
    /// None yet: it is to wait.
    Full,
    /// None, and none is awaited.
    Nowhere,
}

/// Room at an endpoint was taken, and given back for there was none in all.
pub(super) struct Undone;

impl Turn {
    /// At an endpoint of no upstream.
    pub(crate) fn at(endpoint: Arc<Endpoint>) -> Self {
        let attempt = Attempt::default();
        Self { endpoint, attempt }
    }

    fn with(self, upstream: &Upstream, pass: Option<Pass>) -> Self {
        let Self { endpoint, attempt } = self;
        let attempt = match pass {
            Some(pass) => attempt.passed(upstream, &endpoint, pass),
            None => attempt,
        };
        Self { endpoint, attempt }
    }
}

impl Upstream {
    /// The endpoint of the next attempt, which is none that was tried; nowhere when there is none, or the request was at as many
    /// as it may.
    ///
    /// # Errors
    /// When its circuit is open.
    pub(crate) fn turn(&self, ask: &Ask<'_>) -> Result<Room, Error> {
        if let Some(endpoint) = self.plain_pick(ask) {
            let attempt = Attempt::begun(&endpoint, None);
            return Ok(Room::At(Turn { endpoint, attempt }));
        }
        let breaks = self.inner.circuit.is_some();
        if breaks {
            self.refuse()?;
        }
        match self.room(ask) {
            Room::At(turn) if breaks => Ok(Room::At(turn.with(self, self.pass()?))),
            room => Ok(room),
        }
    }

    /// The same once there is room. `None` if meanwhile there is nobody to wait for.
    ///
    /// # Errors
    /// When there is none for too long; when its circuit is open by then.
    pub(crate) async fn awaited_turn(&self, ask: &Ask<'_>) -> Result<Option<Turn>, Error> {
        match self.queue(ask).await? {
            // Who waits makes no trial: that begins with the attempt.
            Some(turn) => Ok(Some(turn.with(self, self.pass()?))),
            None => Ok(None),
        }
    }

    /// Whether there is an endpoint that the request was not at.
    pub(crate) fn has_other(&self, ask: &Ask<'_>) -> bool {
        !ask.tried.is_full() && self.inner.snapshot.load().fresh(ask).next().is_some()
    }

    fn room(&self, ask: &Ask<'_>) -> Room {
        let Some(limits) = &self.inner.settings.limits else {
            let endpoint = self.pick(ask);
            return endpoint.map_or(Room::Nowhere, |endpoint| {
                let attempt = self.attempt(&endpoint);
                Room::At(Turn { endpoint, attempt })
            });
        };
        self.readmit_in_time();
        // Those who wait come first.
        if self.inner.queue.len() == 0 {
            match self.reserve(ask, limits) {
                Ok(Room::At(turn)) => return Room::At(turn),
                // Others may have been quicker each time it looked. In the line nobody is.
                Ok(_) => {}
                // Whoever looked meanwhile has seen room taken that nobody has used, and may wait for it.
                Err(Undone) => self.dispatch(),
            }
        }
        self.none_yet(ask)
    }

    /// Where there is no room: whether there is somebody to wait for.
    fn none_yet(&self, ask: &Ask<'_>) -> Room {
        match self.has_other(ask) {
            true => Room::Full,
            false => Room::Nowhere,
        }
    }

    /// Takes room for a request, if there is some. Nobody is readmitted here, and nothing dispatched.
    pub(super) fn reserve(&self, ask: &Ask<'_>, limits: &Limits) -> Result<Room, Undone> {
        let inner = &*self.inner;
        let total = limits.requests.unwrap_or(usize::MAX);
        let each = limits.per_host().unwrap_or(usize::MAX);
        if inner.in_flight.get() >= total {
            return Ok(self.none_yet(ask));
        }
        let mut room = Room::Nowhere;
        for _ in 0..MAX_RACES {
            let Some(endpoint) = self.choose(ask) else {
                match self.none_yet(ask) {
                    // There is room since it was looked for.
                    Room::Full if !inner.snapshot.load().is_full(ask, limits.per_host()) => {
                        continue;
                    }
                    none => return Ok(none),
                }
            };
            room = Room::Full;
            if !endpoint.load().in_flight.enter_below(each) {
                continue;
            }
            if !inner.in_flight.enter_below(total) {
                endpoint.load().in_flight.leave();
                return Err(Undone);
            }
            let attempt = Attempt::begun(&endpoint, Some(Flight::counted(self, &endpoint)));
            return Ok(Room::At(Turn { endpoint, attempt }));
        }
        Ok(room)
    }
}
