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
    pub(crate) ticket: Ticket,
}

/// What a request has of its upstream while it is at an endpoint; mostly nothing.
#[derive(Default)]
pub(crate) struct Ticket {
    pub(crate) flight: Option<Box<Flight>>,
    pub(crate) pass: Option<Pass>,
}

/// What an upstream has for a request.
pub(crate) enum Room {
    At(Turn),
    /// None yet: it is to wait.
    Full(Option<Pass>),
    /// None, and none is awaited.
    Nowhere,
}

impl Turn {
    /// At an endpoint of no upstream.
    pub(crate) fn at(endpoint: Arc<Endpoint>) -> Self {
        let ticket = Ticket::default();
        Self { endpoint, ticket }
    }

    fn counted(endpoint: Arc<Endpoint>, flight: Option<Box<Flight>>) -> Self {
        let ticket = Ticket { flight, pass: None };
        Self { endpoint, ticket }
    }

    fn with(mut self, pass: Option<Pass>) -> Self {
        self.ticket.pass = pass;
        self
    }
}

impl Upstream {
    /// The endpoint of the next attempt, which is none that was tried; nowhere when there is none, or the request was at as many
    /// as it may.
    ///
    /// # Errors
    /// When its circuit is open.
    pub(crate) fn turn(&self, ask: &Ask<'_>) -> Result<Room, Error> {
        if self.inner.circuit.is_none() {
            return Ok(self.room(ask));
        }
        let pass = self.pass()?;
        Ok(match self.room(ask) {
            Room::At(turn) => Room::At(turn.with(pass)),
            Room::Full(_) => Room::Full(pass),
            Room::Nowhere => Room::Nowhere,
        })
    }

    /// The same once there is room. `None` if meanwhile there is nobody to wait for.
    ///
    /// # Errors
    /// When there is none for too long.
    pub(crate) async fn awaited_turn(
        &self,
        ask: &Ask<'_>,
        pass: Option<Pass>,
    ) -> Result<Option<Turn>, Error> {
        let turn = self.queue(ask).await?;
        Ok(turn.map(|turn| turn.with(pass)))
    }

    fn room(&self, ask: &Ask<'_>) -> Room {
        if self.inner.settings.limits.is_none() {
            let endpoint = self.pick(ask);
            return endpoint.map_or(Room::Nowhere, |endpoint| {
                let flight = self.enter(&endpoint);
                Room::At(Turn::counted(endpoint, flight))
            });
        }
        // Those who wait come first.
        match self.inner.queue.len() {
            0 => self.reserve(ask),
            _ => Room::Full(None),
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
            return Room::Full(None);
        }
        for _ in 0..MAX_RACES {
            let Some(endpoint) = self.pick(ask) else {
                break;
            };
            if endpoint.load().in_flight.enter_below(each) {
                let flight = Some(Box::new(Flight::begun(self, &endpoint)));
                return Room::At(Turn::counted(endpoint, flight));
            }
        }
        inner.in_flight.leave();
        match self.is_full(ask) {
            true => Room::Full(None),
            false => Room::Nowhere,
        }
    }
}
