//! Turns for weights: as many as the weight says, spread over the cycle.

/// The longest cycle. Weights whose sum is larger are scaled down, so that they are only nearly exact.
const MAX_TURNS: u64 = 1 << 16;

/// Whose turn is which: places in `weights`. `None` when all weights are equal, so that the turns go around.
pub(in crate::upstream) fn schedule(weights: &[u32]) -> Option<Box<[u32]>> {
    let (first, others) = weights.split_first()?;
    if others.iter().all(|other| other == first) {
        return None;
    }
    let divisor = weights
        .iter()
        .fold(0, |divisor, weight| gcd(divisor, *weight));
    let sum: u64 = weights
        .iter()
        .map(|weight| u64::from(weight / divisor.max(1)))
        .sum();
    let scaled = |weight: u32| {
        let weight = u64::from(weight / divisor.max(1));
        match sum > MAX_TURNS {
            true => (weight * MAX_TURNS / sum).max(1),
            false => weight,
        }
    };
    // The turns of each lie evenly in the cycle, and begin a little later than those of the one before.
    let count = weights.len() as u64 + 1;
    let mut turns = Vec::new();
    for (place, weight) in (0u32..).zip(weights) {
        let weight = scaled(*weight);
        let phase = u64::from(place) + 1;
        for turn in 0..weight {
            // Less than 2^16 turns of 2^32 places: it fits.
            let at = ((turn * count + phase) << 12) / weight;
            turns.push((at, place));
        }
    }
    turns.sort_unstable();
    Some(turns.into_iter().map(|(_, place)| place).collect())
}

fn gcd(a: u32, b: u32) -> u32 {
    match b {
        0 => a,
        _ => gcd(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(weights: &[u32]) -> String {
        let turns = schedule(weights).expect("different weights");
        let letter = |place: &u32| char::from(b'a' + u8::try_from(*place).expect("few"));
        turns.iter().map(letter).collect()
    }

    #[test]
    fn turns_are_interleaved() {
        assert_eq!(schedule(&[]), None);
        assert_eq!(schedule(&[7]), None);
        assert_eq!(schedule(&[2, 2, 2]), None);
        assert_eq!(text(&[3, 1]), "aaba");
        assert_eq!(text(&[1, 3]), "babb");
        assert_eq!(text(&[20, 10, 10]), text(&[2, 1, 1]));
        assert_eq!(text(&[5, 1, 1]), "aaabaca");
    }

    proptest! {
        #[test]
        fn each_has_as_many_turns_as_its_weight_says(weights in prop::collection::vec(1u32..=1000, 2..40)) {
            let Some(turns) = schedule(&weights) else {
                return Ok(());
            };
            let divisor = weights.iter().fold(0, |divisor, weight| gcd(divisor, *weight));
            for (place, weight) in (0u32..).zip(&weights) {
                let own = turns.iter().filter(|turn| **turn == place).count();
                prop_assert_eq!(own, (weight / divisor) as usize);
            }
        }
    }

    proptest! {
        // Each is a long list.
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn large_sums_are_scaled(weights in prop::collection::vec(1u32..=1000, 300..400)) {
            if let Some(turns) = schedule(&weights) {
                prop_assert!(turns.len() as u64 <= MAX_TURNS + weights.len() as u64);
                for place in 0..weights.len() {
                    prop_assert!(turns.iter().any(|turn| *turn as usize == place));
                }
            }
        }
    }
}
