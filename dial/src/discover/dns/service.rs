//! A service by its SRV records (RFC 2782).

use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::RecordType;
use hickory_resolver::proto::rr::rdata::SRV;

use super::ask::{Asked, Query, Resolver, ask_all};
use super::at;
use crate::error::Error;
use crate::upstream::{Address, Host, HostEntry, Scheme};

/// The greatest weight a host can have.
const MAX_WEIGHT: u64 = 1000;
/// Records that are more than these are left out.
const MAX_TARGETS: usize = 1024;

pub(super) struct Service {
    scheme: Scheme,
    query: Query,
    /// What is known of the addresses of its targets.
    targets: Vec<[Query; 2]>,
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
        })
    }

    pub(super) fn name(&self) -> &str {
        self.query.name()
    }

    pub(super) async fn hosts(&mut self, resolver: &Resolver, asked: &mut Asked) -> Vec<HostEntry> {
        ask_all(vec![&mut self.query], resolver, asked).await;
        let records = self.query.known().iter();
        let records: Vec<_> = records
            .filter_map(|record| match record {
                RData::SRV(srv) if !srv.target.is_root() => Some(srv),
                _ => None,
            })
            .take(MAX_TARGETS)
            .collect();
        let entries = entries(self.scheme, &records);
        if self.scheme == Scheme::Https {
            return entries.into_iter().map(|(_, entry)| entry).collect();
        }
        let wanted = |known: &[Query; 2]| entries.iter().any(|(at, _)| is(&at.host, &known[0]));
        self.targets.retain(wanted);
        for (address, _) in &entries {
            if let Host::Name(name) = &address.host
                && !self.targets.iter().any(|known| known[0].name() == name)
            {
                let kinds = [RecordType::A, RecordType::AAAA];
                self.targets.push(kinds.map(|kind| Query::new(name, kind)));
            }
        }
        ask_all(self.targets.iter_mut().flatten().collect(), resolver, asked).await;
        let hosts = entries.iter().flat_map(|(address, entry)| {
            let known = self
                .targets
                .iter()
                .filter(|known| is(&address.host, &known[0]));
            let addresses = known.flatten().flat_map(Query::addresses);
            addresses.map(move |ip| at(address, Host::Ip(ip), entry))
        });
        hosts.collect()
    }
}

fn is(host: &Host, query: &Query) -> bool {
    matches!(host, Host::Name(name) if name == query.name())
}

/// The targets as hosts.
fn entries(scheme: Scheme, records: &[&SRV]) -> Vec<(Address, HostEntry)> {
    let first = records.iter().map(|srv| srv.priority).min();
    let heaviest = records.iter().map(|srv| srv.weight).max().unwrap_or(0);
    let entries = records.iter().filter_map(|srv| {
        let address = Address {
            scheme,
            port: srv.port,
            // With its final dot: no list of domains to search is applied to it.
            host: Host::Name(srv.target.to_ascii().to_ascii_lowercase()),
        };
        let entry = HostEntry::new(address.to_string()).weight(weight(srv.weight, heaviest));
        // What the server says need not be what a host can be, such as one at port 0.
        let address = entry.address().ok()?;
        let backup = Some(srv.priority) > first;
        Some((address, if backup { entry.backup() } else { entry }))
    });
    entries.collect()
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
        let entries = entries(Scheme::Http, &records.each_ref());
        let entries: Vec<_> = entries.into_iter().map(|(_, entry)| entry).collect();
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
