//! Which endpoint is probed when, without I/O.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use tokio::time::Instant;

use crate::upstream::Endpoint;

/// The endpoints of an upstream, each with the time of its next probe. One whose probe is under way has none.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    known: HashMap<u64, Entry>,
    /// When, and who by number.
    times: BTreeSet<(Instant, u64)>,
}

#[derive(Debug)]
struct Entry {
    endpoint: Arc<Endpoint>,
    due: Option<Instant>,
}

impl Schedule {
    /// Takes over a list. Who is new is due at once, who is not in it any more never.
    pub(super) fn follow(&mut self, endpoints: Vec<Arc<Endpoint>>, now: Instant) {
        let ids: HashSet<_> = endpoints.iter().map(|endpoint| endpoint.id()).collect();
        let Self { known, times } = self;
        known.retain(|id, entry| {
            let stays = ids.contains(id);
            if let Some(due) = entry.due.filter(|_| !stays) {
                times.remove(&(due, *id));
            }
            stays
        });
        for endpoint in endpoints {
            let id = endpoint.id();
            known.entry(id).or_insert_with(|| {
                times.insert((now, id));
                Entry {
                    endpoint,
                    due: Some(now),
                }
            });
        }
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.times.first().map(|(due, _)| *due)
    }

    /// One that is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<Arc<Endpoint>> {
        let (due, id) = *self.times.first()?;
        if due > now {
            return None;
        }
        self.times.pop_first();
        let entry = self.known.get_mut(&id)?;
        entry.due = None;
        Some(Arc::clone(&entry.endpoint))
    }

    /// Has one whose probe is over probed again, if it is still there.
    pub(super) fn again(&mut self, endpoint: &Endpoint, due: Instant) {
        let id = endpoint.id();
        if let Some(entry) = self.known.get_mut(&id) {
            entry.due = Some(due);
            self.times.insert((due, id));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::upstream::Address;

    fn endpoint(host: &str) -> Arc<Endpoint> {
        Arc::new(Endpoint::new(Address::parse(host).unwrap(), false).unwrap())
    }

    fn taken(schedule: &mut Schedule, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| schedule.take(now).map(|endpoint| endpoint.id())).collect()
    }

    #[test]
    fn each_at_its_own_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let [a, b, c] = ["a", "b", "c"].map(endpoint);
        let mut schedule = Schedule::default();
        assert_eq!(schedule.due(), None);
        schedule.follow(vec![Arc::clone(&a), Arc::clone(&b)], start);
        assert_eq!(schedule.due(), Some(start));
        assert_eq!(taken(&mut schedule, start), [a.id(), b.id()]);
        assert_eq!(schedule.due(), None);
        schedule.again(&a, at(5));
        schedule.again(&b, at(4));
        assert_eq!(schedule.due(), Some(at(4)));
        assert!(taken(&mut schedule, at(3)).is_empty());

        // A newcomer is due at once, and nobody else is because of it.
        let list = [&a, &b, &c].map(Arc::clone);
        schedule.follow(list.to_vec(), at(3));
        schedule.follow(list.to_vec(), at(3));
        assert_eq!(taken(&mut schedule, at(3)), [c.id()]);
        assert_eq!(taken(&mut schedule, at(4)), [b.id()]);
        assert_eq!(taken(&mut schedule, at(5)), [a.id()]);
    }

    #[test]
    fn who_leaves_is_forgotten() {
        let start = Instant::now();
        let [a, b] = ["a", "b"].map(endpoint);
        let mut schedule = Schedule::default();
        schedule.follow(vec![Arc::clone(&a), Arc::clone(&b)], start);
        assert_eq!(
            schedule.take(start).map(|endpoint| endpoint.id()),
            Some(a.id())
        );
        schedule.follow(Vec::new(), start);
        // Its probe was under way.
        schedule.again(&a, start);
        assert!(taken(&mut schedule, start).is_empty());
        assert!(schedule.known.is_empty() && schedule.times.is_empty());
    }
}
