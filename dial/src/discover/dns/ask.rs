//! One question to DNS, and the answer it had last.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::error::{BoxError, Error, ErrorKind};
use crate::patience::after;

pub(super) type Resolver = TokioResolver;

/// How long one server may take, and how often it is asked.
const TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;
/// So many questions are asked at a time.
const AT_A_TIME: usize = 16;
/// When a name that could not be asked for is asked for again, if others could.
const RETRY: Duration = Duration::from_secs(5);
/// For how long it is known that a name has no records, if the answer does not say.
const NEGATIVE: Duration = Duration::from_secs(5);

/// Made anew each time: it keeps nothing that is worth keeping, and so it sees when the system's servers change, and never
/// depends on a runtime that has gone.
pub(super) fn resolver(servers: Option<&[SocketAddr]>) -> Result<Resolver, BoxError> {
    let mut builder = match servers {
        None => TokioResolver::builder_tokio()?,
        Some(servers) => {
            let servers = servers.iter().map(|server| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
                let connections = connections.map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                NameServerConfig::new(server.ip(), true, connections.into())
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
    };
    let options = builder.options_mut();
    options.cache_size = 0;
    options.timeout = TIMEOUT;
    options.attempts = ATTEMPTS;
    Ok(builder.build()?)
}

/// Asks them all, a few at a time.
pub(super) async fn ask_all<'a>(
    queries: impl IntoIterator<Item = &'a mut Query>,
    resolver: &Resolver,
    asked: &mut Asked,
) -> Result<(), BoxError> {
    let mut queries: Vec<_> = queries.into_iter().collect();
    for some in queries.chunks_mut(AT_A_TIME) {
        let mut answers = JoinSet::new();
        for (number, query) in some.iter().enumerate() {
            let (resolver, name, kind) = (resolver.clone(), query.name.clone(), query.kind);
            answers.spawn(async move { (number, ask(&resolver, &name, kind).await) });
        }
        while let Some(answer) = answers.join_next().await {
            // A resolver that panics has not told anything.
            let (number, answer) = answer?;
            some[number].settle(answer, Instant::now(), asked);
        }
    }
    Ok(())
}

/// Records, and for how long they are true.
type Answer = Result<(Vec<RData>, Duration), NetError>;

async fn ask(resolver: &Resolver, name: &str, kind: RecordType) -> Answer {
    let lookup = resolver.lookup(name, kind).await?;
    let now = Instant::now().into_std();
    let fresh = lookup.valid_until().saturating_duration_since(now);
    let records = lookup.answers().iter().map(|record| &record.data);
    let records = records.filter(|data| data.record_type() == kind);
    Ok((records.cloned().collect(), fresh))
}

/// A name and a kind of record.
pub(super) struct Query {
    name: String,
    kind: RecordType,
    /// The last records, in an order that does not depend on the server's, and when they were told.
    known: Vec<RData>,
    known_at: Option<Instant>,
    /// Whether it could not be asked for last time.
    failing: bool,
}

impl Query {
    pub(super) fn new(name: &str, kind: RecordType) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            known: Vec::new(),
            known_at: None,
            failing: false,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The records that are known.
    pub(super) fn known(&self) -> &[RData] {
        &self.known
    }

    pub(super) fn settle(&mut self, answer: Answer, now: Instant, asked: &mut Asked) {
        let answer = match answer {
            Err(NetError::Dns(DnsError::NoRecordsFound(NoRecords { negative_ttl, .. }))) => {
                let fresh = negative_ttl.map(|ttl| Duration::from_secs(ttl.into()));
                Ok((Vec::new(), fresh.unwrap_or(NEGATIVE)))
            }
            answer => answer,
        };
        match answer {
            Ok((mut records, fresh)) => {
                if self.failing {
                    tracing::info!(target: "dial::upstream", name = self.name, kind = %self.kind, "can be asked for again");
                }
                self.failing = false;
                if records.is_empty() {
                    if let Some(left) = self.held(now, asked.hold) {
                        asked.answered(fresh.min(left));
                        return;
                    }
                } else {
                    records.sort_by_cached_key(ToString::to_string);
                    records.dedup();
                    self.known_at = Some(now);
                }
                self.known = records;
                asked.answered(fresh);
            }
            Err(error) => {
                let newly = !std::mem::replace(&mut self.failing, true);
                asked.failed(&self.name, self.kind, error, newly);
            }
        }
    }

    /// How long the last records still stay though there are none any more.
    fn held(&self, now: Instant, hold: Duration) -> Option<Duration> {
        let known_at = self.known_at.filter(|_| !self.known.is_empty())?;
        let until = after(known_at, hold);
        (until > now).then(|| until - now)
    }
}

/// What became of all the questions of one round.
pub(super) struct Asked {
    /// For how long what was known last stays where there is nothing any more.
    pub(super) hold: Duration,
    answered: bool,
    fresh: Duration,
    failures: Vec<(String, RecordType, NetError, bool)>,
}

impl Asked {
    pub(super) fn new(hold: Duration) -> Self {
        Self {
            hold,
            answered: false,
            fresh: Duration::MAX,
            failures: Vec::new(),
        }
    }

    fn answered(&mut self, fresh: Duration) {
        self.answered = true;
        self.true_for(fresh);
    }

    /// All of it is true for so long at the most.
    pub(super) fn true_for(&mut self, fresh: Duration) {
        self.fresh = self.fresh.min(fresh);
    }

    fn failed(&mut self, name: &str, kind: RecordType, error: NetError, newly: bool) {
        self.true_for(RETRY);
        self.failures.push((name.to_owned(), kind, error, newly));
    }

    /// For how long all of it is true; an error, which is for others to log, when nothing could be asked for, or when what is
    /// known is no host and not all could be asked for: that there is none is believed only if everybody says so.
    pub(super) fn finish(self, has_hosts: bool) -> Result<Duration, BoxError> {
        if self.failures.is_empty() || (self.answered && has_hosts) {
            for (name, kind, error, newly) in self.failures {
                if newly {
                    tracing::warn!(
                        target: "dial::upstream",
                        name,
                        %kind,
                        "cannot be asked for, so what it had stays: {error}"
                    );
                }
            }
            return Ok(self.fresh);
        }
        let mut failures = self.failures;
        // Always the same one, so that the log has it once.
        failures.sort_by_cached_key(|(name, kind, ..)| (name.clone(), *kind));
        let mut failures = failures.into_iter();
        let error = failures.next().map(|(name, kind, error, _)| {
            let what = format!("`{name}` {kind} cannot be asked for");
            Error::new(ErrorKind::Resolve, what).with_source(error)
        });
        error.map_or(Ok(self.fresh), |error| Err(error.into()))
    }
}
