//! Names to addresses, away from the path of requests.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, ErrorKind};

/// How long an answer is used. The system's resolver does not tell a name's own time to live.
const FRESH: Duration = Duration::from_secs(10);
/// How many names are remembered at the most.
const MAX_NAMES: usize = 1024;

/// Resolves the names of endpoints, in place of the system's resolver.
///
/// ```
/// use std::net::IpAddr;
/// use dial::Resolve;
///
/// #[derive(Debug)]
/// struct Fixed(IpAddr);
///
/// impl Resolve for Fixed {
///     async fn resolve(&self, _name: &str) -> std::io::Result<Vec<IpAddr>> {
///         Ok(vec![self.0])
///     }
/// }
/// ```
pub trait Resolve: fmt::Debug + Send + Sync + 'static {
    /// The addresses of `name`, best first. They are tried in this order.
    fn resolve(&self, name: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// [`Resolve`], erased.
trait DynResolve: fmt::Debug + Send + Sync {
    fn resolve<'a>(&'a self, name: &'a str) -> Answer<'a>;
}

type Answer<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

impl<R: Resolve> DynResolve for R {
    fn resolve<'a>(&'a self, name: &'a str) -> Answer<'a> {
        Box::pin(Resolve::resolve(self, name))
    }
}

/// `getaddrinfo` on a thread of its own.
#[derive(Debug)]
struct System;

impl Resolve for System {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let addrs = tokio::net::lookup_host((name, 0)).await?;
        Ok(addrs.map(|addr| addr.ip()).collect())
    }
}

/// A resolver and what it answered lately.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    inner: Arc<dyn DynResolve>,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

#[derive(Clone, Debug)]
struct Known {
    addrs: Arc<[IpAddr]>,
    at: Instant,
}

impl Resolver {
    pub(crate) fn new(resolve: impl Resolve) -> Self {
        Self {
            inner: Arc::new(resolve),
            known: Arc::default(),
        }
    }

    /// The addresses of `name`: at least one. When the resolver fails, its last answer still serves.
    pub(crate) async fn resolve(&self, name: &str) -> Result<Arc<[IpAddr]>, Error> {
        let known = self.known(name);
        if let Some(known) = &known
            && known.at.elapsed() < FRESH
        {
            return Ok(Arc::clone(&known.addrs));
        }
        match (self.inner.resolve(name).await, known) {
            (Ok(addrs), _) if !addrs.is_empty() => Ok(self.remember(name, addrs.into())),
            (_, Some(known)) => Ok(known.addrs),
            (Ok(_), None) => Err(unresolved(name)),
            (Err(source), None) => Err(unresolved(name).with_source(source)),
        }
    }

    fn known(&self, name: &str) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned()
    }

    fn remember(&self, name: &str, addrs: Arc<[IpAddr]>) -> Arc<[IpAddr]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_NAMES && !known.contains_key(name) {
            known.clear();
        }
        let entry = Known {
            addrs: Arc::clone(&addrs),
            at: Instant::now(),
        };
        known.insert(name.to_owned(), entry);
        addrs
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new(System)
    }
}

fn unresolved(name: &str) -> Error {
    Error::new(ErrorKind::Resolve, format!("`{name}` has no address"))
}
