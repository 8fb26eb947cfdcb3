//! How many connections each client has, over all workers.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parts of the map, so that workers seldom meet at one lock.
const SHARDS: usize = 64;
/// What a client has of an IPv6 address; the rest it may choose.
const PREFIX: u128 = !(u64::MAX as u128);

/// The clients that are connected, touched only when one comes or goes. As many entries as connections at the most.
#[derive(Debug)]
pub(super) struct Clients {
    limit: usize,
    shards: [Mutex<HashMap<IpAddr, usize>>; SHARDS],
}

impl Clients {
    /// None may have more than `limit` connections; at least one.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// A place for one more connection from `ip`, if that is not too many.
    pub(super) fn enter(self: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        let client = client(ip);
        let mut shard = self.shard(client);
        let count = shard.entry(client).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Place {
            clients: Arc::clone(self),
            client,
        })
    }

    fn shard(&self, client: IpAddr) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        // Clients that choose their shard only wait for each other.
        let last = match client {
            IpAddr::V4(ip) => usize::from(ip.octets()[3]),
            IpAddr::V6(ip) => usize::from(ip.segments()[3]),
        };
        let shard = &self.shards[last % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    clients: Arc<Clients>,
    client: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut shard = self.clients.shard(self.client);
        if let Entry::Occupied(mut entry) = shard.entry(self.client) {
            match entry.get() {
                0 | 1 => drop(entry.remove()),
                _ => *entry.get_mut() -= 1,
            }
        }
    }
}

/// Whose address it is: an IPv6 client has a network of 64 bits.
fn client(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & PREFIX)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let cases = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ];
        for (one, other, same) in cases {
            let same_place = client(ip(one)) == client(ip(other));
            assert_eq!(same_place, same, "{one} {other}");
        }
    }

    #[test]
    fn a_place_is_taken_until_it_is_dropped() {
        let clients = Arc::new(Clients::new(2));
        let enter = |text: &str| clients.enter(ip(text));
        let first = enter("192.0.2.1").expect("the first");
        let second = enter("192.0.2.1").expect("the second");
        assert!(enter("192.0.2.1").is_none());
        assert!(enter("192.0.2.2").is_some(), "another client");
        drop(first);
        let third = enter("192.0.2.1").expect("a place that was given back");
        assert!(enter("192.0.2.1").is_none());
        drop((second, third));
        let left: usize = clients
            .shards
            .iter()
            .map(|shard| shard.lock().map_or(0, |shard| shard.len()))
            .sum();
        assert_eq!(left, 0, "nobody is remembered");
    }

    #[test]
    fn the_count_is_exact_over_threads() {
        let clients = Arc::new(Clients::new(7));
        let barrier = std::sync::Barrier::new(4);
        let places: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        (0..100)
                            .filter_map(|_| clients.enter(ip("192.0.2.1")))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            let places: Vec<_> = threads
                .into_iter()
                .flat_map(|thread| thread.join().expect("no panic"))
                .collect();
            places.len()
        });
        assert_eq!(places, 7);
    }
}
