//! A name, and the addresses that are known of it.

use std::net::IpAddr;

use hickory_resolver::proto::rr::{RData, RecordType};

use super::ask::Query;

pub(super) struct Name {
    /// One for each kind of address.
    queries: [Query; 2],
}

impl Name {
    pub(super) fn new(name: &str) -> Self {
        Self {
            queries: [RecordType::A, RecordType::AAAA].map(|kind| Query::new(name, kind)),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.queries[0].name()
    }

    pub(super) fn queries_mut(&mut self) -> &mut [Query] {
        &mut self.queries
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        let known = self.queries.iter().flat_map(Query::known);
        known.filter_map(RData::ip_addr)
    }
}
