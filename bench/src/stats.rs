//! What is reported of several rounds.

use serde::{Deserialize, Serialize};

/// The middle, and how far the rounds lie apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of nothing, and of what is no number.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        values.sort_by(f64::total_cmp);
        let half = values.len() / 2;
        let median = match values.len() % 2 {
            0 => f64::midpoint(values[half - 1], values[half]),
            _ => values[half],
        };
        Some(Self {
            median,
            min: values[0],
            max: values[values.len() - 1],
        })
    }

    /// The spread of the ratios, round by round: what drifts from round to round drops out of it.
    pub(crate) fn of_ratios(values: &[f64], base: &[f64]) -> Option<Self> {
        if values.len() != base.len() {
            return None;
        }
        Self::of(values.iter().zip(base).map(|(value, base)| value / base))
    }
}

/// The value that `part` (0 to 1) of all are at or under: the nearest rank. Sorts.
pub(crate) fn percentile(values: &mut [u64], part: f64) -> Option<u64> {
    values.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts of requests are far below 2^52"
    )]
    let rank = (part * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[1.0, f64::NAN]), None);
        let of = |median, min, max| Some(Spread { median, min, max });
        assert_eq!(spread(&[3.0, 1.0, 2.0]), of(2.0, 1.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0, 2.0, 3.0]), of(2.5, 1.0, 4.0));
    }

    #[test]
    fn ratios_are_taken_per_round() {
        // The machine was half as fast in the second round.
        let ratio = Spread::of_ratios(&[9.0, 18.0, 8.0], &[10.0, 20.0, 10.0]).unwrap();
        assert_eq!((ratio.median, ratio.min, ratio.max), (0.9, 0.8, 0.9));
        assert_eq!(Spread::of_ratios(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(Spread::of_ratios(&[1.0], &[0.0]), None);
    }

    #[test]
    fn percentiles() {
        let mut values: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(percentile(&mut values, 0.5), Some(50));
        assert_eq!(percentile(&mut values, 0.99), Some(99));
        assert_eq!(percentile(&mut values, 1.0), Some(100));
        assert_eq!(percentile(&mut [7], 0.5), Some(7));
        assert_eq!(percentile(&mut [], 0.5), None);
    }
}
