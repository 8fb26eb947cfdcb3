//! Upstreams that fail, clients that leave, and what becomes of the connections between them.

mod again;
mod answers;
mod bodies;
mod clients;
mod elsewhere;
mod idle;
mod reuse;
mod stalls;
mod times;

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use dial::{ModifiableRequest, PoolConfig, Resolve, Router, Server, Timeouts};

use crate::harness::Served;

/// The handler of most tests here.
fn forward(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// One worker, and so one set of connections to count.
fn one_worker(router: Router) -> Served {
    Served::server(Server::builder().workers(1), router)
}

/// A timeout that is sure to run out, soon.
const SOON: Duration = Duration::from_millis(100);

fn timeouts(change: impl FnOnce(&mut Timeouts)) -> Timeouts {
    let mut timeouts = Timeouts::default();
    change(&mut timeouts);
    timeouts
}

fn pool(change: impl FnOnce(&mut PoolConfig)) -> PoolConfig {
    let mut pool = PoolConfig::default();
    change(&mut pool);
    pool
}

/// Answers each name with its fixed addresses.
#[derive(Clone, Debug)]
enum Names {
    /// Every name has these.
    Known(Vec<IpAddr>),
    /// There is no such name.
    Unknown,
    /// The name server does not answer.
    Silent,
}

impl Resolve for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::Known(addrs) => Ok(addrs.clone()),
            Self::Unknown => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("no {name}"),
            )),
            Self::Silent => std::future::pending().await,
        }
    }
}
