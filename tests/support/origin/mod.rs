//! Origins: what dial forwards to, each on a thread and a runtime of its own.
//!
//! | | for |
//! |---|---|
//! | [`Origin::named`], [`Origin::answering`] | most tests: requests recorded, a closure answers |
//! | [`Origin::raw`], [`Origin::raw_each`] | misbehaviour, by a [`Script`] a connection |
//! | [`Origin::http`] | streaming bodies and trailers, by hyper |
//! | [`BulkOrigin`] | bodies too large to hold, and back-pressure |
//! | [`TlsOrigin`] | https, with a certificate for the names asked for |
//!
//! All of them listen on a free loopback port when they are made, close everything when they are
//! dropped, and fail the test then, or at the next wait, when anything inside them has panicked.

mod answer;
mod bulk;
mod host;
mod ledger;
mod named;
mod raw;
mod streaming;
mod tls;

pub use answer::Answer;
pub use bulk::BulkOrigin;
pub use ledger::Recorded;
pub use raw::Script;
pub use tls::{Identity, TlsOrigin};

use std::net::SocketAddr;

use host::Host;

/// A server under a test's control.
///
/// Connections are numbered from zero in the order they were accepted, over restarts too.
#[derive(Debug)]
pub struct Origin {
    host: Host,
    scheme: &'static str,
}

// === impl Origin ===

impl Origin {
    fn new(host: Host) -> Self {
        Self {
            host,
            scheme: "http",
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.host.addr()
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.addr().port()
    }

    /// What to write into `hosts`: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr())
    }

    /// Every request so far, in the order they arrived; a raw origin records bytes only.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.host.book().read(|ledger| ledger.requests.clone())
    }

    /// How many requests there have been.
    #[must_use]
    pub fn count(&self) -> usize {
        self.host.book().read(|ledger| ledger.requests.len())
    }

    /// How many connections have been accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.host.book().read(|ledger| ledger.connections.len())
    }

    /// How many of them are still open.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.host.book().read(|ledger| {
            let open = ledger.connections.iter().filter(|entry| !entry.over);
            open.count()
        })
    }

    /// Waits for `count` requests.
    pub async fn requested(&self, count: usize) -> Vec<Recorded> {
        let what = format!("{count} requests");
        let wait = self.host.book().wait(&what, |ledger| {
            (ledger.requests.len() >= count).then(|| ledger.requests.clone())
        });
        wait.await
    }

    /// Waits for `count` connections to have been accepted.
    pub async fn connected(&self, count: usize) {
        let what = format!("{count} connections");
        let wait = self.host.book().wait(&what, |ledger| {
            (ledger.connections.len() >= count).then_some(())
        });
        wait.await;
    }

    /// Waits until connection `number` has brought what its origin reads, and returns all its bytes
    /// as they came.
    ///
    /// That is: a request has been answered, the last reading step of a [`Script`] is done, or the
    /// connection is over; for all that ever comes, wait for [`Origin::closed`] first. What came
    /// within TLS is shown decrypted. A [`BulkOrigin`] keeps no bytes.
    pub async fn received(&self, number: usize) -> Vec<u8> {
        let what = format!("exchange on connection {number}");
        let wait = self.host.book().wait(&what, |ledger| {
            let entry = ledger.connections.get(number)?;
            (entry.answered || entry.over).then(|| entry.received.clone())
        });
        wait.await
    }

    /// Waits until connection `number` is over, whichever side ended it.
    pub async fn closed(&self, number: usize) {
        let what = format!("end of connection {number}");
        let wait = self.host.book().wait(&what, |ledger| {
            let entry = ledger.connections.get(number)?;
            entry.over.then_some(())
        });
        wait.await;
    }

    /// Closes the listener and every connection, before it returns. The port stays taken and
    /// refuses.
    pub fn stop(&self) {
        self.host.stop();
    }

    /// Listens again on the same port after [`Origin::stop`].
    pub fn restart(&self) {
        self.host.restart();
    }
}

#[cfg(test)]
mod tests;
