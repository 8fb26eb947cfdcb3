//! Time that passes, as an event.

use std::time::Duration;

use dial::{ProxyService, Router, Server};
use dial_tests::{Origin, Script, client};

use super::{eager, proxy};
use crate::harness::Served;

/// A proxy, and beside it a route that tells when so much time is over.
pub(super) struct Clocked {
    pub(super) served: Served,
    /// Takes requests, and never answers.
    _hung: Origin,
}

impl Clocked {
    /// On one worker: its timers end in the order of their times.
    pub(super) fn new(proxied: ProxyService, time: Duration) -> Self {
        let hung = Origin::raw(Script::new().read_request().hang());
        let retry = eager().attempts(2).per_try(time);
        let router = Router::new()
            .at("/clock", proxy(&[&hung], retry))
            .at("/{*path}", proxied);
        Self {
            served: Served::server(Server::builder().workers(1), router),
            _hung: hung,
        }
    }

    /// Waits until all timers of that time are over that run now.
    pub(super) async fn passed(&self) {
        assert_eq!(client::get(self.served.addr, "/clock").await.status, 504);
    }
}
