//! A ring of hashes: the same key finds the same endpoint, and when one goes only its keys move.

use super::dice::mix;
use super::key::hash;
use crate::upstream::member::Member;

/// Points of an endpoint of average weight. With so many, the shares of keys differ by about a tenth.
const POINTS: u64 = 160;
/// The most points of all together.
const MAX_POINTS: u64 = 1 << 18;

#[derive(Debug)]
pub(in crate::upstream) struct Ring {
    /// Hashes in order, each with a place in the list of members.
    points: Box<[(u64, u32)]>,
}

impl Ring {
    /// Over all members, also those that are not to be chosen now, so that nothing else moves when they are again.
    pub(in crate::upstream) fn new(members: &[Member]) -> Self {
        let count = members.len().max(1) as u64;
        let each = POINTS.min(MAX_POINTS / count).max(1);
        let sum: u64 = members.iter().map(|member| u64::from(member.weight)).sum();
        let mut points = Vec::new();
        for (place, member) in (0u32..).zip(members) {
            let own = (each * u64::from(member.weight) * count / sum.max(1)).max(1);
            let name = hash(member.endpoint.to_string().as_bytes());
            points.extend((0..own).map(|point| (mix(name ^ mix(point)), place)));
        }
        points.sort_unstable();
        Self {
            points: points.into(),
        }
    }

    /// Places in the list of members, nearest to the key first; some more than once.
    pub(in crate::upstream) fn from(&self, key: u64) -> impl Iterator<Item = usize> {
        let start = self.points.partition_point(|(hash, _)| *hash < key);
        let (before, after) = self.points.split_at(start);
        after.iter().chain(before).map(|(_, place)| *place as usize)
    }
}
