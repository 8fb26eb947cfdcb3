//! The policies that look at two endpoints, or at none.

use super::{Balance, Candidates};

/// [`Policy::least_request`](super::Policy::least_request).
#[derive(Clone, Copy, Debug, Default)]
pub struct LeastRequest;

/// [`Policy::peak_ewma`](super::Policy::peak_ewma).
#[derive(Clone, Copy, Debug, Default)]
pub struct PeakEwma;

/// [`Policy::random`](super::Policy::random).
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Balance for LeastRequest {
    fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
        of_two(candidates, |at| under_way(candidates, at))
    }
}

impl Balance for PeakEwma {
    fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
        // One that was never heard of is asked once, and not again before it has answered.
        of_two(candidates, |at| match candidates.latency(at) {
            Some(latency) => latency.as_secs_f64() * under_way(candidates, at),
            None if candidates.in_flight(at) == 0 => 0.0,
            None => f64::MAX,
        })
    }
}

impl Balance for Random {
    fn choose(&self, candidates: &Candidates<'_>) -> Option<usize> {
        draw(candidates, |_| true)
    }
}

/// Any that was not tried and `may` be, by weight.
pub(in crate::upstream) fn draw(
    candidates: &Candidates<'_>,
    may: impl Fn(usize) -> bool,
) -> Option<usize> {
    let fresh = || (0..candidates.len()).filter(|at| may(*at) && !candidates.was_tried(*at));
    let whole: f64 = fresh().map(|at| candidates.weight(at)).sum();
    let mut left = candidates.dice.part() * whole;
    let mut last = None;
    for at in fresh() {
        last = Some(at);
        left -= candidates.weight(at);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// Requests under way for the weight, with the one to be sent.
fn under_way(candidates: &Candidates<'_>, at: usize) -> f64 {
    let requests = u32::try_from(candidates.in_flight(at)).unwrap_or(u32::MAX);
    (f64::from(requests) + 1.0) / candidates.weight(at)
}

/// The cheaper of two that are drawn.
fn of_two(candidates: &Candidates<'_>, cost: impl Fn(usize) -> f64) -> Option<usize> {
    let count = candidates.len();
    let first = candidates.untried_from(candidates.random(count))?;
    if count == 1 {
        return Some(first);
    }
    // Any but the first.
    let step = 1 + candidates.random(count - 1);
    let second = candidates.untried_from((first + step) % count)?;
    match cost(second) < cost(first) {
        true => Some(second),
        false => Some(first),
    }
}
