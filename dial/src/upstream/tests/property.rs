//! The rotation against a list with a finger on it, and the parser against anything.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::super::{Address, Ask, Tried, Upstream};

const HOSTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[derive(Clone, Debug)]
enum Step {
    Pick(usize),
    /// With these tried already.
    Retry(Vec<&'static str>),
    Add(&'static str),
    Remove(&'static str),
    Set(Vec<&'static str>),
}

/// The hosts, the one whose turn it is first.
#[derive(Debug)]
struct Model {
    list: Vec<&'static str>,
    next: usize,
}

impl Model {
    fn rotation(&self) -> Vec<&'static str> {
        let (before, after) = self.list.split_at(self.next);
        [after, before].concat()
    }

    fn pick(&mut self) -> Option<&'static str> {
        let found = self.rotation().first().copied();
        self.next = (self.next + 1).checked_rem(self.list.len()).unwrap_or(0);
        found
    }

    fn set(&mut self, list: Vec<&'static str>) {
        let start = self
            .rotation()
            .into_iter()
            .find_map(|host| list.iter().position(|new| *new == host));
        *self = Self {
            list,
            next: start.unwrap_or(0),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn turns_are_taken_as_in_a_list(first in hosts(1), steps in vec(step(), 0..30)) {
        let upstream = Upstream::new(&first).unwrap();
        let mut model = Model { list: first, next: 0 };
        for step in steps {
            match step {
                Step::Pick(count) => for _ in 0..count {
                    prop_assert_eq!(pick(&upstream, &[]), model.pick().map(str::to_owned));
                },
                Step::Retry(tried) => {
                    let mut fresh = model.list.clone();
                    fresh.retain(|host| !tried.contains(host));
                    match pick(&upstream, &tried) {
                        // It takes a turn as long as none of those that are there was tried.
                        found if fresh.len() == model.list.len() => {
                            prop_assert_eq!(found, model.pick().map(str::to_owned));
                        }
                        Some(found) => prop_assert!(fresh.contains(&&*found)),
                        None => prop_assert!(fresh.is_empty()),
                    }
                }
                Step::Add(host) => {
                    let fresh = !model.list.contains(&host);
                    prop_assert_eq!(upstream.add_host(host).unwrap(), fresh);
                    if fresh {
                        model.set([&*model.list, &[host]].concat());
                    }
                }
                Step::Remove(host) => {
                    let there = model.list.contains(&host);
                    prop_assert_eq!(upstream.remove_host(host).unwrap(), there);
                    let left = model.list.iter().copied().filter(|known| *known != host);
                    model.set(left.collect());
                }
                Step::Set(hosts) => {
                    upstream.set_hosts(&hosts).unwrap();
                    model.set(hosts);
                }
            }
            let hosts: Vec<_> = model.list.iter().map(|host| format!("http://{host}:80")).collect();
            prop_assert_eq!(upstream.hosts(), hosts);
        }
    }

    #[test]
    fn a_parsed_host_survives_being_shown(entry in "(https?://)?[\\PC]{0,12}(:[0-9]{1,5})?/?") {
        if let Ok(address) = Address::parse(&entry) {
            prop_assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..5_usize).prop_map(Step::Pick),
        hosts(0).prop_map(Step::Retry),
        select(&HOSTS[..]).prop_map(Step::Add),
        select(&HOSTS[..]).prop_map(Step::Remove),
        hosts(0).prop_map(Step::Set),
    ]
}

fn hosts(least: usize) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(HOSTS.to_vec(), least..=HOSTS.len()).prop_shuffle()
}

fn pick(upstream: &Upstream, tried: &[&str]) -> Option<String> {
    let snapshot = upstream.inner.snapshot.load();
    let mut ids = Tried::none();
    for endpoint in snapshot.members().iter().map(|member| &member.endpoint) {
        if tried.contains(&&*endpoint.host().to_string()) {
            ids.insert(endpoint);
        }
    }
    upstream
        .pick(&Ask::new(&ids))
        .map(|endpoint| endpoint.host().to_string())
}
