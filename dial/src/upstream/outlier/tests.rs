//! The record against a list of all that ever happened.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::upstream::window::STEPS;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A complete response, after so many milliseconds.
    Complete(u64),
    /// A response that breaks off.
    Broken(u64),
    /// No response.
    Failed,
    /// The same, of a request sent before the last ejection.
    Late,
    Passed(Duration),
}

/// All that happened, and in which step; what was before `since` does not count.
struct Model {
    rules: Ejection,
    events: Vec<(u64, Event)>,
    since: usize,
    /// The failures after the last complete response.
    streak: u32,
    /// The times of the ejections that are not forgiven, and when the last one ends.
    times: Vec<Duration>,
    until: Option<Instant>,
}

impl Model {
    fn new(rules: Ejection) -> Self {
        Self {
            rules,
            events: Vec::new(),
            since: 0,
            streak: 0,
            times: Vec::new(),
            until: None,
        }
    }

    fn count(&self, now: u64, what: impl Fn(&Event) -> bool) -> u64 {
        let known = self.events[self.since..].iter();
        let in_window = known.filter(|(step, _)| step + u64::from(STEPS) > now);
        in_window.filter(|(_, event)| what(event)).count() as u64
    }

    fn latency(&self, now: u64) -> Option<Duration> {
        let known = self.events[self.since..].iter();
        let millis: Vec<_> = known
            .filter(|(step, _)| step + u64::from(STEPS) > now)
            .filter_map(|(_, event)| match event {
                Event::Complete(millis) | Event::Broken(millis) => Some(*millis),
                _ => None,
            })
            .collect();
        let enough = self.rules.are_enough(millis.len() as u64);
        let sum: u64 = millis.iter().sum();
        enough.then(|| Duration::from_micros(sum * 1_000 / millis.len() as u64))
    }

    fn cause(&self, now: u64) -> Option<Cause> {
        if self.rules.is_streak(self.streak) {
            return Some(Cause::Consecutive);
        }
        let requests = self.count(now, |_| true);
        let failures = self.count(now, |event| {
            matches!(event, Event::Failed | Event::Broken(_))
        });
        self.rules
            .is_rate(failures, requests)
            .then_some(Cause::ErrorRate)
    }

    fn eject(&mut self, now: Instant) -> Duration {
        let mut good = self
            .until
            .map_or(Duration::ZERO, |until| now.saturating_duration_since(until));
        while self.times.last().is_some_and(|last| *last <= good) {
            good -= self.times.pop().unwrap();
        }
        let longest = self.rules.time(u32::MAX);
        let time = self
            .times
            .last()
            .map_or(self.rules.time(0), |last| (*last * 2).min(longest));
        if self.times.last() != Some(&longest) {
            self.times.push(time);
        }
        self.until = Some(now + time);
        self.streak = self.rules.trial();
        self.since = self.events.len();
        time
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..300_u64).prop_map(Event::Complete),
        1 => (0..300_u64).prop_map(Event::Broken),
        4 => Just(Event::Failed),
        1 => Just(Event::Late),
        3 => (0..400_u64).prop_map(|millis| Event::Passed(Duration::from_millis(millis))),
        1 => (0..200_u64).prop_map(|secs| Event::Passed(Duration::from_secs(secs))),
    ]
}

fn rules() -> impl Strategy<Value = Ejection> {
    let rate = prop::option::of(1..=100_u32);
    (1..8_u32, rate, any::<bool>(), 1..6_u32, 1..5_u64).prop_map(
        |(consecutive, rate, latency, min, base)| {
            let base = Duration::from_secs(base);
            let rules = Ejection::new()
                .consecutive(consecutive)
                .base_time(base)
                .max_time(base * 10);
            let rules = rate.map_or(rules.clone(), |percent| rules.error_percent(percent));
            let rules = match latency {
                true => rules.latency(2, Duration::ZERO),
                false => rules,
            };
            match latency || rate.is_some() {
                true => rules.min_requests(min).window(Duration::from_secs(1)),
                false => rules,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_what_a_list_of_all_events_says(rules in rules(), events in vec(event(), 0..80)) {
        rules.check().unwrap();
        let outlier = Outlier::default();
        let mut model = Model::new(rules.clone());
        let mut now = Instant::now();
        let mut terms = 0_u32;
        for event in events {
            let at = step(rules.window_length(), now);
            let millis = |millis| Some(Duration::from_millis(millis));
            let counted = |latency| if rules.has_window() { outlier.counted(&rules, now, latency) };
            let cause = match event {
                Event::Passed(time) => {
                    now += time;
                    continue;
                }
                Event::Late => {
                    let late = outlier.failed(&rules, terms.wrapping_sub(1), now);
                    prop_assert_eq!(late, None);
                    continue;
                }
                Event::Complete(latency) => {
                    counted(millis(latency));
                    outlier.succeeded();
                    model.streak = 0;
                    None
                }
                Event::Broken(latency) => {
                    counted(millis(latency));
                    model.streak += 1;
                    outlier.failed(&rules, terms, now)
                }
                Event::Failed => {
                    counted(None);
                    model.streak += 1;
                    outlier.failed(&rules, terms, now)
                }
            };
            model.events.push((at, event));
            if matches!(event, Event::Complete(_)) {
                prop_assert_eq!(cause, None);
            } else {
                prop_assert_eq!(cause, model.cause(at), "{:?}", model.events);
            }
            if rules.has_window() {
                prop_assert_eq!(outlier.latency(&rules, now), model.latency(at));
            }
            if cause.is_some() {
                prop_assert_eq!(outlier.eject(&rules, now), model.eject(now));
                terms += 1;
                prop_assert_eq!(outlier.term(), terms);
            }
        }
    }
}

/// Ejections at once after one another are each longer, up to the longest; good times are as good as those were bad.
#[test]
fn times_grow_and_are_forgiven() {
    let rules = Ejection::new();
    let outlier = Outlier::default();
    let mut now = Instant::now();
    let mut eject = |good: u64| {
        now += Duration::from_secs(good);
        let time = outlier.eject(&rules, now);
        now += time;
        time.as_secs()
    };
    assert_eq!([0; 7].map(&mut eject), [10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(eject(299), 300, "not long enough");
    assert_eq!(
        eject(300),
        300,
        "the longest of them is forgiven, and comes again"
    );
    assert_eq!(eject(300 + 160), 160);
    assert_eq!(eject(24 * 3600), 10, "all is forgiven");
}

#[test]
fn many_threads_count_every_failure() {
    let rules = Ejection::new()
        .consecutive(1_000)
        .error_percent(100)
        .min_requests(1_000_000);
    let outlier = Outlier::default();
    let now = Instant::now();
    let proposed = std::thread::scope(|scope| {
        let count = || {
            let fail = |_| {
                outlier.counted(&rules, now, Some(Duration::from_micros(3)));
                outlier.failed(&rules, 0, now)
            };
            (0..500).filter_map(fail).count()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<usize>()
    });
    assert_eq!(proposed, 4 * 500 - 999);
    let step = step(rules.window_length(), now);
    assert_eq!(outlier.requests.sum(step), 2_000);
    assert_eq!(outlier.failures.sum(step), 2_000);
    assert_eq!(outlier.micros.sum(step), 6_000);
    assert_eq!(outlier.micros.sum(step + u64::from(STEPS)), 0);
}
