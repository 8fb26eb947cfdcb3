//! Random numbers that need no lock, and are always the same for a seed.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A sequence that many threads draw from: a counter, mixed (splitmix64).
#[derive(Debug)]
pub(crate) struct Dice(AtomicU64);

/// 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// With a seed of its own where none is given.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(STEP));
        Self(AtomicU64::new(seed))
    }

    pub(in crate::upstream) fn roll(&self) -> u64 {
        mix(self.0.fetch_add(STEP, Ordering::Relaxed))
    }

    /// Less than `bound`; 0 when that is 0.
    pub(in crate::upstream) fn below(&self, bound: usize) -> usize {
        let scaled = (u128::from(self.roll()) * bound as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }

    /// At least 0 and less than 1.
    pub(crate) fn part(&self) -> f64 {
        // 32 of its bits are exact as a float, and enough.
        let bits = u32::try_from(self.roll() >> 32).unwrap_or(0);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }
}

/// Spreads a number over all bits.
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(STEP);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
