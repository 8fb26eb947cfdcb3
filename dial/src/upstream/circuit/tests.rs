use proptest::prelude::*;

use super::*;

fn circuit() -> Circuit {
    let rules = Breaker::new().error_percent(50).min_requests(4).trials(2);
    rules.check().unwrap();
    Circuit::new(rules)
}

/// Attempts that come to something at once; says what each has changed.
fn play(circuit: &Circuit, outcomes: &str, now: Instant) -> Vec<Option<Change>> {
    let outcomes = outcomes.chars().map(|outcome| outcome == '-');
    outcomes
        .map(|failed| {
            let (term, _) = circuit.admit(now).expect("let through");
            circuit.ended(term, failed, now)
        })
        .collect()
}

fn last(circuit: &Circuit, outcomes: &str, now: Instant) -> Option<Change> {
    let changes = play(circuit, outcomes, now);
    let (last, others) = changes.split_last().unwrap();
    assert!(others.iter().all(Option::is_none), "{changes:?}");
    *last
}

#[test]
fn it_opens_when_too_many_fail() {
    let now = Instant::now();
    for (outcomes, opens) in [
        ("---", false),
        ("----", true),
        ("+++---", true),
        ("++++---", false),
        ("+-+-", true),
        ("-+++", false),
    ] {
        let circuit = circuit();
        let opened = last(&circuit, outcomes, now) == Some(Change::Opened);
        assert_eq!(opened, opens, "{outcomes}");
        assert_eq!(circuit.is_closed(), !opens, "{outcomes}");
    }
}

#[test]
fn what_failed_long_ago_is_forgotten() {
    let start = Instant::now();
    let circuit = circuit();
    assert_eq!(last(&circuit, "---", start), None);
    let later = start + Duration::from_secs(12);
    assert_eq!(last(&circuit, "---", later), None);
    assert_eq!(last(&circuit, "-", later), Some(Change::Opened));
}

#[test]
fn a_few_are_tried_before_it_closes() {
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    let circuit = circuit();
    play(&circuit, "----", start);
    assert_eq!(circuit.admit(at(0)), Err(Duration::from_secs(5)));
    assert_eq!(circuit.admit(at(4_999)), Err(Duration::from_millis(1)));
    let (term, trial) = circuit.admit(at(5_000)).unwrap();
    assert!(trial);
    assert_eq!(circuit.admit(at(5_000)), Ok((term, true)));
    assert_eq!(circuit.admit(at(5_000)), Err(SOON), "two at a time");
    circuit.given_up(term);
    assert_eq!(circuit.admit(at(5_000)), Ok((term, true)));
    assert_eq!(circuit.ended(term, false, at(5_001)), None);
    assert_eq!(
        circuit.admit(at(5_001)),
        Err(SOON),
        "one is over, one is under way"
    );
    assert_eq!(circuit.ended(term, false, at(5_002)), Some(Change::Closed));
    assert!(circuit.is_closed());
    // All is as it was at first.
    assert_eq!(last(&circuit, "---", at(5_003)), None);
    assert_eq!(last(&circuit, "-", at(5_003)), Some(Change::Opened));
}

#[test]
fn a_trial_that_fails_opens_it_again() {
    let start = Instant::now();
    let circuit = circuit();
    play(&circuit, "----", start);
    let later = start + Duration::from_secs(5);
    let (term, _) = circuit.admit(later).unwrap();
    circuit.admit(later).unwrap();
    assert_eq!(circuit.ended(term, true, later), Some(Change::Opened));
    assert_eq!(
        circuit.ended(term, false, later),
        None,
        "the other one comes too late"
    );
    circuit.given_up(term);
    assert_eq!(circuit.admit(later), Err(Duration::from_secs(5)));
    let (next, _) = circuit.admit(later + Duration::from_secs(5)).unwrap();
    assert_ne!(next, term);
}

#[test]
fn what_was_sent_before_a_change_has_no_part_in_the_next() {
    let start = Instant::now();
    let circuit = circuit();
    let (early, _) = circuit.admit(start).unwrap();
    play(&circuit, "----", start);
    for failed in [true, false] {
        assert_eq!(circuit.ended(early, failed, start), None);
    }
    let later = start + Duration::from_secs(5);
    play(&circuit, "++", later);
    assert!(circuit.is_closed());
    for _ in 0..10 {
        assert_eq!(circuit.ended(early, true, later), None);
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    End(usize, bool),
    GiveUp(usize),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Begin),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(which, failed)| Step::End(which, failed)),
        1 => any::<usize>().prop_map(Step::GiveUp),
        1 => (1..7_000_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    /// Whatever happens, it never gets stuck: with nothing under way and time to pass, trials that succeed close it. And never
    /// are there more trials than there may be.
    #[test]
    fn it_closes_in_the_end(steps in proptest::collection::vec(step(), 0..200)) {
        let mut now = Instant::now();
        let circuit = circuit();
        let mut under_way = Vec::new();
        for step in steps {
            match step {
                Step::Begin => under_way.extend(circuit.admit(now)),
                Step::End(which, failed) if !under_way.is_empty() => {
                    let (term, _) = under_way.swap_remove(which % under_way.len());
                    circuit.ended(term, failed, now);
                }
                Step::GiveUp(which) if !under_way.is_empty() => {
                    let (term, trial) = under_way.swap_remove(which % under_way.len());
                    if trial {
                        circuit.given_up(term);
                    }
                }
                Step::Pass(millis) => now += Duration::from_millis(millis),
                Step::End(..) | Step::GiveUp(_) => {}
            }
            let term = circuit.term();
            let trials = under_way.iter().filter(|(own, trial)| *own == term && *trial);
            prop_assert!(trials.count() <= 2);
        }
        for (term, trial) in under_way {
            if trial {
                circuit.given_up(term);
            }
        }
        now += Duration::from_secs(5);
        for _ in 0..2 {
            let (term, _) = circuit.admit(now).expect("time has passed");
            circuit.ended(term, false, now);
        }
        prop_assert!(circuit.is_closed());
    }
}
