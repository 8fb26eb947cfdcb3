//! Which endpoints keys belong to, in one snapshot.

use std::collections::HashSet;
use std::sync::Arc;

use super::ring::Ring;
use crate::upstream::member::Member;

/// So many requests under way are never too many for an endpoint: where there are few, affinity is worth more.
const LEAST_BOUND: u64 = 8;

#[derive(Debug)]
pub(in crate::upstream) struct Affinity {
    /// Shared with the snapshots before and after, as long as the members are the same.
    ring: Arc<Ring>,
    /// By place in the list of members; 0 for one that gets nothing.
    weights: Box<[u32]>,
    heaviest: u32,
    sum: u64,
}

impl Affinity {
    /// Of those of the members that are in the tier.
    pub(in crate::upstream) fn new(
        members: &[Member],
        tier: &[Member],
        before: Option<&Self>,
    ) -> Self {
        let ids: HashSet<_> = tier.iter().map(|member| member.endpoint.id()).collect();
        let weights = members.iter().map(|member| {
            let gets_some = ids.contains(&member.endpoint.id());
            if gets_some { member.weight } else { 0 }
        });
        Self {
            ring: Ring::new(members, before.map(|before| &before.ring)),
            weights: weights.clone().collect(),
            heaviest: weights.clone().max().unwrap_or(0),
            sum: weights.map(u64::from).sum(),
        }
    }

    /// The place among the members of the one that the key belongs to, of those that `takes` it.
    pub(in crate::upstream) fn find(
        &self,
        key: u64,
        takes: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        self.ring.nearest(key, &self.weights, self.heaviest, takes)
    }

    /// How many requests the endpoint at that place may have of `all` that are under way: so many percent of its share.
    pub(in crate::upstream) fn bound(&self, place: usize, percent: u32, all: usize) -> usize {
        let weight = self.weights.get(place).copied().map_or(0, u64::from);
        let part = u64::from(percent) * weight;
        let bound = (all as u64)
            .saturating_mul(part)
            .div_ceil((self.sum * 100).max(1));
        usize::try_from(bound.max(LEAST_BOUND)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
impl Affinity {
    pub(in crate::upstream) fn shares_ring(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ring, &other.ring)
    }
}
