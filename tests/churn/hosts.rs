//! Every change that an upstream offers, made at random and checked against a list of what should be so.

use dial::{HostEntry, Upstream};
use dial_tests::Random;

/// An upstream, and what it has been told.
pub(crate) struct Hosts {
    upstream: Upstream,
    members: Vec<Member>,
    random: Random,
}

struct Member {
    url: String,
    is_there: bool,
    is_draining: bool,
}

impl Hosts {
    /// None yet.
    pub(crate) fn new(upstream: Upstream, urls: Vec<String>) -> Self {
        let member = |url| Member {
            url,
            is_there: false,
            is_draining: false,
        };
        Self {
            upstream,
            members: urls.into_iter().map(member).collect(),
            random: Random::new(1),
        }
    }

    /// Requests under way, where the upstream counts them.
    pub(crate) fn in_flight(&self) -> usize {
        let status = self.upstream.status();
        status.iter().map(|host| host.in_flight).sum()
    }

    /// Puts all of them in.
    pub(crate) fn fill(&mut self) {
        let urls = self.members.iter().map(|member| member.url.as_str());
        let urls: Vec<_> = urls.collect();
        self.upstream.set_hosts(urls).expect("hosts");
        for member in &mut self.members {
            (member.is_there, member.is_draining) = (true, false);
        }
    }

    /// Takes all of them out.
    pub(crate) fn clear(&mut self) {
        self.upstream.set_hosts([""; 0]).expect("no hosts");
        for member in &mut self.members {
            member.is_there = false;
        }
    }

    /// Makes a change. At least one host can always be sent requests to.
    pub(crate) fn change(&mut self) {
        let at = self.random.below(self.members.len());
        let kind = self.random.below(8);
        let weight = u32::try_from(self.random.below(9)).expect("small") + 1;
        let others = self.members.iter().enumerate();
        let is_alone = !others
            .filter(|(other, _)| *other != at)
            .any(|(_, member)| member.is_there && !member.is_draining);
        let (upstream, member) = (&self.upstream, &mut self.members[at]);
        let url = member.url.as_str();
        let was_there = member.is_there;
        let was_draining = was_there && member.is_draining;
        match kind {
            0 if !is_alone => {
                assert_eq!(upstream.remove_host(url).ok(), Some(was_there));
                member.is_there = false;
            }
            1 if !is_alone => {
                let drained = upstream.drain_host(url).ok();
                assert_eq!(drained, Some(was_there && !was_draining));
                member.is_draining = was_there;
            }
            2 | 3 => {
                assert_eq!(upstream.enable_host(url).ok(), Some(was_draining));
                member.is_draining = false;
            }
            4 => assert_eq!(upstream.set_weight(url, weight).ok(), Some(was_there)),
            5 => self.replace(at, weight),
            _ => {
                let entry = HostEntry::new(url).weight(weight);
                assert_eq!(upstream.add_host(entry).ok(), Some(!was_there));
                (member.is_there, member.is_draining) = (true, was_draining);
            }
        }
    }

    /// Sets a list that has this one, and each other by chance.
    fn replace(&mut self, at: usize, weight: u32) {
        let mut entries = Vec::new();
        for other in 0..self.members.len() {
            let is_there = other == at || self.random.below(2) == 0;
            let member = &mut self.members[other];
            (member.is_there, member.is_draining) = (is_there, false);
            if is_there {
                entries.push(HostEntry::new(&member.url).weight(weight));
            }
        }
        self.upstream.set_hosts(entries).expect("hosts");
    }
}
