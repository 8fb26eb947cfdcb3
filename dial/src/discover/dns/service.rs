//! A service by its SRV records (RFC 2782).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{RData, RecordType};
use tokio::time::Instant;

use super::ask::{Asked, Query, Resolver, ask_all};
use super::name::Name;
use crate::error::{BoxError, Error};
use crate::patience::after;
use crate::upstream::{Address, Host, HostEntry, Scheme};

/// The greatest weight a host can have.
const MAX_WEIGHT: u64 = 1000;
/// Records that are more than these are left out, and so are targets that have gone.
const MAX_TARGETS: usize = 1024;

pub(super) struct Service {
    scheme: Scheme,
    query: Query,
    targets: Vec<Target>,
    /// Those that have gone lately: they stand in as long as nothing is known of one that has come.
    gone: Vec<Target>,
    /// What is known of the addresses of all of them.
    names: HashMap<String, Name>,
}

/// What a record points at.
struct Target {
    address: Address,
    name: String,
    entry: HostEntry,
    /// When it was in the records last.
    seen: Instant,
}

impl Service {
    pub(super) fn new(name: &str) -> Result<Self, Error> {
        // What is checked is only whether it can be a name.
        match HostEntry::new(name).address()?.host {
            Host::Name(_) if !name.contains([':', '/']) => {}
            _ => {
                return Err(Error::config(format!(
                    "{name:?} is not the name of a service"
                )));
            }
        }
        let https = name.to_ascii_lowercase().starts_with("_https.");
        Ok(Self {
            scheme: if https { Scheme::Https } else { Scheme::Http },
            query: Query::new(name, RecordType::SRV),
            targets: Vec::new(),
            gone: Vec::new(),
            names: HashMap::new(),
        })
    }

    pub(super) fn name(&self) -> &str {
        self.query.name()
    }

    pub(super) async fn hosts(
        &mut self,
        resolver: &Resolver,
        asked: &mut Asked,
    ) -> Result<Vec<HostEntry>, BoxError> {
        ask_all([&mut self.query], resolver, asked).await?;
        self.aim(Instant::now());
        let wanted = self.targets.iter().map(|target| target.name.as_str());
        let wanted: HashSet<_> = wanted.collect();
        let names = self.names.values_mut();
        let names = names.filter(|name| wanted.contains(name.name()));
        ask_all(names.flat_map(Name::queries_mut), resolver, asked).await?;
        self.forget(Instant::now(), asked);
        let targets = self.targets.iter().chain(&self.gone);
        Ok(targets.flat_map(|target| self.hosts_of(target)).collect())
    }

    /// Takes the targets from the records.
    fn aim(&mut self, now: Instant) {
        let records = self.query.known().iter();
        let records: Vec<_> = records
            .filter_map(|record| match record {
                RData::SRV(srv) if !srv.target.is_root() => Some(srv),
                _ => None,
            })
            .take(MAX_TARGETS)
            .collect();
        let new = targets(self.scheme, &records, now);
        let there: HashSet<_> = new.iter().map(|target| &target.address).collect();
        let mut gone = std::mem::take(&mut self.targets);
        gone.append(&mut self.gone);
        gone.retain(|old| !there.contains(&old.address));
        gone.truncate(MAX_TARGETS);
        for Target { name, .. } in &new {
            if !self.names.contains_key(name) {
                self.names.insert(name.clone(), Name::new(name));
            }
        }
        (self.targets, self.gone) = (new, gone);
    }

    /// Gives up those that have gone, unless one that is there has no address; even then they stay no longer than all that
    /// is there no more.
    fn forget(&mut self, now: Instant, asked: &mut Asked) {
        let has_none = |target: &Target| self.hosts_of(target).next().is_none();
        let hold = match self.targets.iter().any(has_none) {
            true => asked.hold,
            false => Duration::ZERO,
        };
        self.gone.retain(|gone| after(gone.seen, hold) > now);
        for gone in &self.gone {
            asked.true_for(after(gone.seen, hold) - now);
        }
        let used = self.targets.iter().chain(&self.gone);
        let used: HashSet<_> = used.map(|target| target.name.as_str()).collect();
        self.names.retain(|name, _| used.contains(name.as_str()));
    }

    fn hosts_of(&self, target: &Target) -> impl Iterator<Item = HostEntry> {
        let addresses = self.names.get(&target.name).map(Name::addresses);
        let addresses = addresses.into_iter().flatten();
        addresses.map(|ip| target.entry.at(ip, &target.address))
    }
}

fn targets(scheme: Scheme, records: &[&SRV], now: Instant) -> Vec<Target> {
    let first = records.iter().map(|srv| srv.priority).min();
    let heaviest = records.iter().map(|srv| srv.weight).max().unwrap_or(0);
    let targets = records.iter().filter_map(|srv| {
        // With its final dot: no list of domains to search is applied to it.
        let name = srv.target.to_ascii().to_ascii_lowercase();
        let address = Address {
            scheme,
            port: srv.port,
            host: Host::Name(name.clone()),
        };
        let entry = HostEntry::new(address.to_string()).weight(weight(srv.weight, heaviest));
        // What the server says need not be what a host can be, such as one at port 0.
        let address = entry.address().ok()?;
        let backup = Some(srv.priority) > first;
        Some(Target {
            address,
            name,
            entry: if backup { entry.backup() } else { entry },
            seen: now,
        })
    });
    targets.collect()
}

/// A weight of up to 65535 as one of 1 to 1000; weights that fit stay as they are.
fn weight(weight: u16, heaviest: u16) -> u32 {
    let (weight, heaviest) = (u64::from(weight), u64::from(heaviest));
    let scaled = match heaviest > MAX_WEIGHT {
        true => (weight * MAX_WEIGHT + heaviest / 2) / heaviest,
        false => weight,
    };
    u32::try_from(scaled.max(1)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_keep_their_proportions() {
        for (given, heaviest, expected) in [
            (0, 0, 1),
            (0, 10, 1),
            (10, 10, 10),
            (1000, 1000, 1000),
            (65535, 65535, 1000),
            (32768, 65535, 500),
            (1, 65535, 1),
        ] {
            assert_eq!(weight(given, heaviest), expected, "{given} of {heaviest}");
        }
    }

    #[test]
    fn higher_priorities_are_backups() {
        let name = |text: &str| text.parse().unwrap();
        let records = [
            SRV::new(10, 3, 8080, name("A.example.")),
            SRV::new(20, 0, 8081, name("b.example.")),
            SRV::new(10, 0, 0, name("c.example.")),
        ];
        let targets = targets(Scheme::Http, &records.each_ref(), Instant::now());
        let entries: Vec<_> = targets.into_iter().map(|target| target.entry).collect();
        assert_eq!(
            entries,
            [
                HostEntry::new("http://a.example.:8080").weight(3),
                HostEntry::new("http://b.example.:8081").backup(),
            ]
        );
    }

    #[test]
    fn a_service_is_a_name() {
        assert_eq!(Service::new("_http._tcp.api").unwrap().scheme, Scheme::Http);
        assert_eq!(
            Service::new("_HTTPS._tcp.api").unwrap().scheme,
            Scheme::Https
        );
        for bad in ["", "a:80", "http://a", "127.0.0.1", "a b", "a..b"] {
            assert!(Service::new(bad).is_err(), "{bad}");
        }
    }
}
