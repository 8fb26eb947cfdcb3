//! One place requests can be sent to.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use super::address::{Address, Host, Scheme};
use super::attempt::Watch;
use super::connections::Connections;
use super::health::Health;
use super::load::Load;
use super::probation::Probation;
use crate::error::Error;
use http::HeaderValue;

/// An entry of `hosts`, or the target of a full-URL rewrite, as long as it is in use.
///
/// It is shared as `Arc<Endpoint>`, and connections are kept per [`Endpoint::id`]. One that leaves its upstream is
/// retired for good: requests under way finish, but nobody should keep connections to it. The same host added
/// again is another endpoint.
///
/// Every worker counts its handles, so what is read of it does not lie beside that count.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Endpoint {
    id: u64,
    address: Address,
    /// What it is called there.
    name: Address,
    authority: HeaderValue,
    retired: AtomicBool,
    health: Health,
    pub(super) probation: Mutex<Probation>,
    load: Load,
    connections: Connections,
    /// What may eject it, if anything does.
    pub(super) watch: OnceLock<Box<Watch>>,
}

impl Endpoint {
    /// A new endpoint, also where there is one at this address already. `newcomer` is one that comes to others.
    pub(crate) fn new(address: Address, newcomer: bool) -> Result<Self, Error> {
        Self::called(address.name(), address, newcomer)
    }

    /// The same for one that goes by another name than where it is.
    pub(super) fn called(name: Address, address: Address, newcomer: bool) -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let authority = HeaderValue::try_from(name.authority())
            .map_err(|error| Error::config(format!("{name}")).with_source(error))?;
        Ok(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            address,
            name,
            authority,
            retired: AtomicBool::new(false),
            health: Health::new(newcomer),
            probation: Mutex::default(),
            load: Load::new(),
            connections: Connections::default(),
            watch: OnceLock::new(),
        })
    }

    /// What listens at another port of the same host.
    pub(crate) fn at_port(&self, port: u16) -> Result<Self, Error> {
        let at_port = |address: &Address| Address {
            port,
            ..address.clone()
        };
        Self::called(at_port(&self.name), at_port(&self.address), false)
    }

    /// Unlike that of any other endpoint in this process.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.address.scheme
    }

    pub(crate) fn host(&self) -> &Host {
        &self.address.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port
    }

    /// What it is called: the name that its certificate is for.
    pub(crate) fn name(&self) -> &Address {
        &self.name
    }

    /// The value of a Host field that means this endpoint (RFC 9110 §7.2): without the scheme's default port.
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    pub(crate) fn health(&self) -> &Health {
        &self.health
    }

    pub(crate) fn load(&self) -> &Load {
        &self.load
    }

    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Whether the endpoint has left its upstream. Then its connections are not to be kept.
    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
    }
}

impl fmt::Display for Endpoint {
    /// `http://host:port`, always with the port.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}
