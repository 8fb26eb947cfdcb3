//! Who gets a request: an endpoint with room for it.

use std::sync::Arc;

use super::Upstream;
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
    pub(crate) flight: Option<Flight>,
    pub(crate) pass: Option<Pass>,
}

/// What an upstream has for a request.
pub(super) enum Room {
    At(Turn),
    /// None yet: it is to wait.
    Full,
    /// None, and none is awaited.
    Nowhere,
}

impl Turn {
    /// At an endpoint of no upstream.
    pub(crate) fn at(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            flight: None,
            pass: None,
        }
    }
}

impl Upstream {
    /// The endpoint of the next attempt, which is none that was tried. `None` when there is none, or the request was at as
    /// many as it may.
    ///
    /// # Errors
    /// When the upstream is full, and stays so; when its circuit is open.
    pub(crate) async fn turn(&self, ask: &Ask<'_>) -> Result<Option<Turn>, Error> {
        let pass = self.pass()?;
        let turn = match self.room(ask) {
            Room::At(turn) => Some(turn),
            Room::Nowhere => None,
            // In a box: no other request has to have room for it.
            Room::Full => Box::pin(self.queue(ask)).await?,
        };
        Ok(turn.map(|turn| Turn { pass, ..turn }))
    }

    /// The same without a wait: `None` also where the upstream is full, or its circuit open.
    pub(crate) fn turn_at_once(&self, ask: &Ask<'_>) -> Option<Turn> {
        let pass = self.pass().ok()?;
        match self.room(ask) {
            Room::At(turn) => Some(Turn { pass, ..turn }),
            Room::Nowhere | Room::Full => None,
        }
    }

    fn room(&self, ask: &Ask<'_>) -> Room {
        if self.inner.settings.limits.is_none() {
            let endpoint = self.pick(ask);
            return endpoint.map_or(Room::Nowhere, |endpoint| {
                Room::At(Turn {
                    flight: self.enter(&endpoint),
                    endpoint,
                    pass: None,
                })
            });
        }
        // Those who wait come first.
        match self.inner.queue.len() {
            0 => self.reserve(ask),
            _ => Room::Full,
        }
    }

    /// Takes room for a request, if there is some.
    pub(super) fn reserve(&self, ask: &Ask<'_>) -> Room {
        let inner = &*self.inner;
        let limits = inner.settings.limits.as_ref();
        let total = limits
            .and_then(|limits| limits.requests)
            .unwrap_or(usize::MAX);
        let each = limits.and_then(Limits::per_host).unwrap_or(usize::MAX);
        if !inner.in_flight.enter_below(total) {
            return Room::Full;
        }
        for _ in 0..MAX_RACES {
            let Some(endpoint) = self.pick(ask) else {
                break;
            };
            if endpoint.load().in_flight.enter_below(each) {
                let flight = Some(Flight::begun(self, &endpoint));
                let pass = None;
                return Room::At(Turn {
                    endpoint,
                    flight,
                    pass,
                });
            }
        }
        inner.in_flight.leave();
        match self.is_full(ask) {
            true => Room::Full,
            false => Room::Nowhere,
        }
    }
}
