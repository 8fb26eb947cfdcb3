//! A ring of hashes: the same key finds the same endpoint, and when one goes only its keys move.

use std::sync::Arc;

use super::dice::mix;
use super::key::hash;
use crate::upstream::member::Member;

/// Points of each endpoint, 2.5 KiB of memory. With so many, the shares of keys differ by about a tenth.
const POINTS: u64 = 160;

/// Where endpoints lie. That depends on their names alone, so that nothing moves but what has to, whatever the weights.
#[derive(Debug)]
pub(super) struct Ring {
    /// The numbers of the endpoints it is made of, in the order of the list.
    ids: Box<[u64]>,
    /// Hashes in order, each with a place in that list.
    points: Box<[(u64, u32)]>,
}

impl Ring {
    /// Over all members, also those that are not to be chosen now. `before` is the same ring if the members are.
    pub(super) fn new(members: &[Member], before: Option<&Arc<Self>>) -> Arc<Self> {
        let ids = members.iter().map(|member| member.endpoint.id());
        let same = before.filter(|before| before.ids.iter().copied().eq(ids.clone()));
        same.map_or_else(|| Arc::new(Self::of(members, ids.collect())), Arc::clone)
    }

    fn of(members: &[Member], ids: Box<[u64]>) -> Self {
        let points = (0u32..).zip(members).flat_map(|(place, member)| {
            let name = hash(member.endpoint.to_string().as_bytes());
            (0..POINTS).map(move |point| (mix(name ^ mix(point)), place))
        });
        let mut points: Box<[_]> = points.collect();
        points.sort_unstable();
        Self { ids, points }
    }

    /// The place of the endpoint that is nearest to the key, of those that `takes` it. What counts is the distance to its
    /// first point behind the key, divided by its weight (the linear method of Schindelhauer and Schomaker, Weighted
    /// Distributed Hash Tables, SPAA 2005). `weights` are by place, and none is more than `heaviest`; 0 takes nothing.
    ///
    /// It looks at about as many points as the heaviest is times as heavy as the average.
    pub(super) fn nearest(
        &self,
        key: u64,
        weights: &[u32],
        heaviest: u32,
        takes: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let mut best: Option<Near> = None;
        let start = self.points.partition_point(|(point, _)| *point < key);
        let (before, after) = self.points.split_at(start);
        for (point, place) in after.iter().chain(before) {
            let place = *place as usize;
            let near = |weight| Near {
                distance: point.wrapping_sub(key),
                weight,
                place,
            };
            let is_best =
                |near: &Near| near.weight > 0 && best.as_ref().is_none_or(|it| near.beats(it));
            // All that follows is farther away.
            if !is_best(&near(heaviest)) {
                break;
            }
            let near = near(*weights.get(place)?);
            if is_best(&near) && takes(place) {
                best = Some(near);
            }
        }
        best.map(|best| best.place)
    }
}

struct Near {
    distance: u64,
    weight: u32,
    place: usize,
}

impl Near {
    /// Whether its distance is less for its weight. In whole numbers: the same everywhere.
    fn beats(&self, other: &Self) -> bool {
        let times = |distance: u64, weight: u32| u128::from(distance) * u128::from(weight);
        times(self.distance, other.weight) < times(other.distance, self.weight)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Against a look at all points.
        #[test]
        fn the_search_ends_with_the_nearest(
            points in vec((any::<u64>(), 0..6_u32), 0..100),
            weights in vec(0..=1000_u32, 6),
            open in vec(any::<bool>(), 6),
            key: u64,
        ) {
            let mut points = points;
            points.sort_unstable();
            let ring = Ring { ids: Box::default(), points: points.clone().into() };
            let heaviest = weights.iter().copied().max().unwrap_or(0);
            let found = ring.nearest(key, &weights, heaviest, |place| open[place]);

            let part = |distance: u64, place: u32| {
                let weight = weights[place as usize];
                // As fine as whole numbers that differ can be.
                (u128::from(distance) << 60).checked_div(u128::from(weight))
            };
            let all = points.iter().filter(|(_, place)| open[*place as usize]);
            let parts = all.filter_map(|(point, place)| Some((part(point.wrapping_sub(key), *place)?, *place)));
            let nearest = parts.min().map(|(_, place)| place as usize);
            prop_assert_eq!(found, nearest);
        }
    }
}
