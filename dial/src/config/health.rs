//! Active health checks: how the endpoints of an upstream are asked whether they can serve.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::Method;
use http::header::HeaderValue;
use http::uri::{Authority, PathAndQuery};

use super::ProxyProtocol;
use crate::error::Error;

/// How many bytes of a response's body are searched for what it has to contain.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// The longest text that can be looked for.
const MAX_CONTAINS: usize = 4 * 1024;
/// The statuses a final response can have (RFC 9110 §15).
const STATUSES: RangeInclusive<u16> = 200..=599;
const INTERVAL: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_hours(1);
const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(1);
/// More would bring two probes of an endpoint close together.
const MAX_JITTER: f64 = 0.5;
const THRESHOLD: RangeInclusive<u32> = 1..=1000;

/// How the hosts of an [`Upstream`](crate::Upstream) are asked whether they can serve; given to
/// [`UpstreamBuilder::health`](crate::UpstreamBuilder::health).
///
/// A host gets no more requests once [`fall`](Self::fall) probes in a row have failed, and gets requests again, after its
/// slow start, once [`rise`](Self::rise) in a row have passed. Until its first probe is over a host is thought to be healthy,
/// so that a restart of the proxy refuses nothing; but if its very first one fails that is enough, since nobody has ever
/// seen it work.
///
/// All hosts are probed at once to begin with, and so is one that is added, and then each at its own time. A probe that takes
/// longer than its [`timeout`](Self::timeout) has failed, and no host has two probes at a time: so one that begins to hang gets
/// nothing new after `fall` times an interval, or a timeout where that is longer, and one more timeout at the latest.
///
/// ```
/// use std::time::Duration;
/// use dial::{HealthCheck, Upstream};
///
/// let upstream = Upstream::builder()
///     .hosts(["http://backend1:8080", "http://backend2:8080"])
///     .health(
///         HealthCheck::http("/healthz")
///             .statuses([200, 204])
///             .interval(Duration::from_secs(2))
///             .fall(2),
///     )
///     .build()?;
/// # assert_eq!(upstream.len(), 2);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HealthCheck {
    http: Option<Http>,
    /// The first setting that only an HTTP check can have, where it is none.
    misfit: Option<&'static str>,
    port: Option<u16>,
    proxy_protocol: Option<ProxyProtocol>,
    interval: Duration,
    jitter: f64,
    timeout: Duration,
    rise: u32,
    fall: u32,
}

/// What is asked, and what has to be answered, as it was given.
#[derive(Clone, Debug)]
struct Http {
    path: String,
    method: Method,
    host: Option<String>,
    statuses: Option<Vec<u16>>,
    contains: Option<Vec<u8>>,
}

/// A [`HealthCheck`] that makes sense.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// Absent when a connection is all that is asked for.
    pub(crate) http: Option<HttpCheck>,
    pub(crate) port: Option<u16>,
    pub(crate) proxy_protocol: Option<ProxyProtocol>,
    pub(crate) interval: Duration,
    jitter: f64,
    /// For all of a probe.
    pub(crate) timeout: Duration,
    pub(crate) rise: u32,
    pub(crate) fall: u32,
}

/// What is asked of an endpoint, and what it has to answer.
#[derive(Clone, Debug)]
pub(crate) struct HttpCheck {
    pub(crate) method: Method,
    /// With its query.
    pub(crate) path: String,
    /// What Host says, if it is not the endpoint's own name.
    pub(crate) host: Option<HeaderValue>,
    statuses: Option<Vec<u16>>,
    /// What the body's first [`MAX_BODY`] bytes have to contain.
    pub(crate) contains: Option<Vec<u8>>,
}

impl HealthCheck {
    /// Asks for `path`, which may have a query, and expects a status from 200 to 399: whoever redirects works.
    ///
    /// Each probe has a connection of its own, which is closed after it. An `https` host is asked over TLS, with the settings
    /// and the resolver of the first [`Router`](crate::Router) or [`ProxyService`](crate::ProxyService) that uses the upstream.
    #[must_use]
    pub fn http(path: impl Into<String>) -> Self {
        let http = Http {
            path: path.into(),
            method: Method::GET,
            host: None,
            statuses: None,
            contains: None,
        };
        Self {
            http: Some(http),
            ..Self::tcp()
        }
    }

    /// Expects that a connection can be made, with its TLS handshake where the host is `https`, and sends nothing.
    #[must_use]
    pub fn tcp() -> Self {
        Self {
            http: None,
            misfit: None,
            port: None,
            proxy_protocol: None,
            interval: Duration::from_secs(5),
            jitter: 0.1,
            timeout: Duration::from_secs(2),
            rise: 2,
            fall: 3,
        }
    }

    /// The method, which is sent without a body. Default is GET. CONNECT is none.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        self.of_http("method", |http| http.method = method)
    }

    /// What Host says: a name, or a name and a port. Default is the host's own, as in its entry.
    #[must_use]
    pub fn host_header(self, host: impl Into<String>) -> Self {
        self.of_http("host_header", |http| http.host = Some(host.into()))
    }

    /// The statuses to expect, from 200 to 599: `200..=299`, or `[200, 204]`. Default is `200..=399`.
    #[must_use]
    pub fn statuses(self, statuses: impl IntoIterator<Item = u16>) -> Self {
        // One more than there are: whatever is behind that is wrong anyway.
        let statuses = statuses.into_iter().take(STATUSES.len() + 1).collect();
        self.of_http("statuses", |http| http.statuses = Some(statuses))
    }

    /// What the response's body has to contain, byte for byte, within its first 64 KiB: at most 4 KiB. Default is nothing;
    /// then the body is not read.
    #[must_use]
    pub fn contains(self, text: impl Into<Vec<u8>>) -> Self {
        self.of_http("contains", |http| http.contains = Some(text.into()))
    }

    /// The port to probe, spoken to as the host is: over TLS if that is `https`. Default is the host's own.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self {
            port: Some(port),
            ..self
        }
    }

    /// Begins each probe with a PROXY protocol header that names no client (UNKNOWN, or LOCAL), for endpoints that will not
    /// be spoken to without one. Default is none.
    #[must_use]
    pub fn proxy_protocol(self, version: ProxyProtocol) -> Self {
        Self {
            proxy_protocol: Some(version),
            ..self
        }
    }

    /// From the beginning of a probe of a host to the beginning of its next: 10 ms to 1 h. Default is 5 s.
    #[must_use]
    pub fn interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    /// By which part of itself an interval may be shorter or longer, each time anew, so that hosts and proxies do not keep
    /// step: 0 to 0.5. Default is 0.1.
    #[must_use]
    pub fn jitter(self, jitter: f64) -> Self {
        Self { jitter, ..self }
    }

    /// For all of a probe, connecting included: 1 ms to 1 h. Default is 2 s. A probe that takes longer than the interval puts off
    /// the next one.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How many probes in a row have to pass until a sick host gets requests again: 1 to 1,000. Default is 2.
    #[must_use]
    pub fn rise(self, rise: u32) -> Self {
        Self { rise, ..self }
    }

    /// How many probes in a row have to fail until a healthy host gets no more requests: 1 to 1,000. Default is 3.
    #[must_use]
    pub fn fall(self, fall: u32) -> Self {
        Self { fall, ..self }
    }

    fn of_http(mut self, name: &'static str, set: impl FnOnce(&mut Http)) -> Self {
        match &mut self.http {
            Some(http) => set(http),
            None => self.misfit = self.misfit.or(Some(name)),
        }
        self
    }

    /// The check, or what is wrong with it.
    pub(crate) fn checked(self) -> Result<Check, Error> {
        self.parse()
            .map_err(|what| Error::config(what).within("health"))
    }

    fn parse(self) -> Result<Check, String> {
        if let Some(misfit) = self.misfit {
            return Err(format!("a TCP check has no `{misfit}`"));
        }
        if self.port == Some(0) {
            return Err("0 is not a port".to_owned());
        }
        let Self {
            interval, timeout, ..
        } = self;
        if !INTERVAL.contains(&interval) {
            return Err(format!(
                "the interval {interval:?} is not within 10 ms and 1 h"
            ));
        }
        if !TIMEOUT.contains(&timeout) {
            return Err(format!(
                "the timeout {timeout:?} is not within 1 ms and 1 h"
            ));
        }
        let jitter = self.jitter;
        if !(0.0..=MAX_JITTER).contains(&jitter) {
            return Err(format!("the jitter {jitter} is not within 0 and 0.5"));
        }
        for (name, count) in [("rise", self.rise), ("fall", self.fall)] {
            if !THRESHOLD.contains(&count) {
                return Err(format!("`{name}` is {count}; it is from 1 to 1000"));
            }
        }
        Ok(Check {
            http: self.http.map(Http::parse).transpose()?,
            port: self.port,
            proxy_protocol: self.proxy_protocol,
            interval,
            jitter,
            timeout,
            rise: self.rise,
            fall: self.fall,
        })
    }
}

impl Http {
    fn parse(self) -> Result<HttpCheck, String> {
        let Self {
            path,
            method,
            host,
            statuses,
            contains,
        } = self;
        // The parser takes `*` and what has no slash too, and drops fragments.
        let target = PathAndQuery::try_from(path.as_str());
        if !path.starts_with('/') || target.ok().is_none_or(|target| target.as_str() != path) {
            return Err(format!(
                "{path:?} is not a path; it begins with `/` and is percent-encoded"
            ));
        }
        if method == Method::CONNECT {
            return Err("CONNECT asks for no health".to_owned());
        }
        let in_body = contains.as_ref();
        if method == Method::HEAD && in_body.is_some() {
            return Err("a response to HEAD has no body that could contain anything".to_owned());
        }
        if in_body.is_some_and(|text| text.is_empty() || text.len() > MAX_CONTAINS) {
            return Err("`contains` is from 1 byte to 4 KiB".to_owned());
        }
        if let Some(statuses) = &statuses {
            if statuses.is_empty() {
                return Err("no status is expected".to_owned());
            }
            if let Some(bad) = statuses.iter().find(|status| !STATUSES.contains(status)) {
                return Err(format!("the status {bad} is not within 200 and 599"));
            }
        }
        Ok(HttpCheck {
            host: host.map(|host| authority(&host)).transpose()?,
            method,
            path,
            statuses,
            contains,
        })
    }
}

impl Check {
    /// How long after the beginning of a probe the next one begins. `part` is anything from 0 to 1: how far within the jitter
    /// it is.
    pub(crate) fn wait(&self, part: f64) -> Duration {
        self.interval
            .mul_f64(1.0 + self.jitter * (2.0 * part - 1.0))
    }
}

impl HttpCheck {
    pub(crate) fn expects(&self, status: u16) -> bool {
        match &self.statuses {
            None => (200..400).contains(&status),
            Some(statuses) => statuses.contains(&status),
        }
    }
}

fn authority(host: &str) -> Result<HeaderValue, String> {
    let bad = || format!("{host:?} is not what Host can say");
    let authority = Authority::try_from(host).map_err(|_| bad())?;
    match authority.as_str().contains('@') {
        true => Err(bad()),
        false => HeaderValue::try_from(host).map_err(|_| bad()),
    }
}

#[cfg(test)]
mod tests;
