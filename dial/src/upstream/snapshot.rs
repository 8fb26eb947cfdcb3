//! An upstream's endpoints at one moment.

use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;

use tokio::time::Instant;

use super::balance::{
    Affinity, Balance, Candidates, Dice, Kind, Policy, Random, RoundRobin, draw, schedule,
};
use super::config::Settings;
use super::member::Member;
use super::sticky::Tokens;
use super::tried::Ask;

/// The list of endpoints, those of them that get requests, and which turn belongs to which. Never changes; a change makes
/// a new one.
#[derive(Debug)]
pub(super) struct Snapshot {
    members: Vec<Member>,
    /// Those that get new requests, in the order of the list.
    tier: Vec<Member>,
    /// Where a request may go that was at all of the tier in vain: healthy backups, then the sick ones.
    spares: [Vec<Member>; 2],
    /// Whose turns follow each other, as places in the tier; absent when they all have one each.
    schedule: Option<Box<[u32]>>,
    /// Turn `t` is number `(t + shift) % turns`.
    shift: u64,
    /// Whose the keys are, if they decide.
    affinity: Option<Affinity>,
    /// What clients' cookies name.
    tokens: Option<Tokens>,
    /// When one of the tier is the last to have ended its slow start.
    warm_at: Option<Instant>,
    /// When the first of those that are ejected is not any more.
    revisit: Option<Instant>,
}

/// What a choice is made with.
pub(super) struct Means<'a> {
    pub(super) settings: &'a Settings,
    pub(super) dice: &'a Dice,
    pub(super) turns: &'a RoundRobin,
    /// Requests under way at all endpoints.
    pub(super) in_flight: usize,
    /// How many each may have, if that is limited.
    pub(super) per_host: Option<usize>,
}

impl Means<'_> {
    /// Whether the request was not at this one, and it is not full.
    fn takes(&self, member: &Member, ask: &Ask<'_>) -> bool {
        let full = || member.endpoint.load().is_full(self.per_host);
        !ask.tried.contains(&member.endpoint) && !full()
    }
}

impl Snapshot {
    pub(super) fn new(
        members: Vec<Member>,
        settings: &Settings,
        before: Option<&Self>,
        now: Instant,
    ) -> Self {
        let tier = tier(&members, settings, now);
        let weights: Vec<_> = tier.iter().map(|member| member.weight).collect();
        let keyed = matches!(settings.policy, Policy(Kind::Hash { .. }));
        let warm = tier
            .iter()
            .filter_map(|member| member.endpoint.health().warm_at(settings.slow_start));
        let back = members
            .iter()
            .filter_map(|member| member.endpoint.health().ejected_until(now));
        let sticky = settings.sticky.as_ref();
        Self {
            tokens: sticky.map(|sticky| Tokens::new(sticky, &members)),
            schedule: schedule(&weights),
            shift: 0,
            affinity: keyed.then(|| {
                let before = before.and_then(|before| before.affinity.as_ref());
                Affinity::new(&members, &tier, before)
            }),
            warm_at: warm.max().filter(|at| *at > now),
            revisit: back.min(),
            spares: spares(&members, &tier, settings, now),
            tier,
            members,
        }
    }

    /// The snapshot that follows this one when `turn` is the next to be taken. The rotation goes on where it was:
    /// that turn belongs to whom it would have belonged to, or, if that one is gone, to the one after it that
    /// stays.
    pub(super) fn successor(
        &self,
        members: Vec<Member>,
        settings: &Settings,
        turn: u64,
        now: Instant,
    ) -> Self {
        let mut next = Self::new(members, settings, Some(self), now);
        let mut places = HashMap::new();
        for (place, member) in next.turns().enumerate() {
            places.entry(member.id()).or_insert(place);
        }
        let mut owners = self.rotation(turn);
        let start = owners.find_map(|member| places.get(&member.id()).copied());
        next.shift = match next.cycle() {
            0 => 0,
            cycle => (start.unwrap_or(0) as u64 + cycle - turn % cycle) % cycle,
        };
        next
    }

    /// All of them, in the order of the list.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// When time alone changes it.
    pub(super) fn revisit(&self) -> Option<Instant> {
        self.revisit
    }

    /// Whether some do not get all of their load yet.
    pub(super) fn has_newcomers(&self) -> bool {
        self.warm_at.is_some()
    }

    /// Whether time alone has changed who gets requests.
    pub(super) fn is_over(&self) -> bool {
        self.revisit.is_some_and(|at| Instant::now() >= at)
    }

    /// Where the next attempt goes; `None` if there is nobody it can be made at now.
    pub(super) fn choose(&self, ask: &Ask<'_>, means: &Means<'_>) -> Option<&Member> {
        if let Some(named) = self.by_cookie(ask) {
            return means.takes(named, ask).then_some(named);
        }
        self.in_tier(ask, means).or_else(|| self.spare(ask, means))
    }

    /// Whether there is room to wait for, where there was nobody to choose: those it could go to are full.
    pub(super) fn is_full(&self, ask: &Ask<'_>, per_host: Option<usize>) -> bool {
        let fresh = |member: &&Member| !ask.tried.contains(&member.endpoint);
        let full = |member: &Member| member.endpoint.load().is_full(per_host);
        let mut tier = self.tier.iter().filter(fresh).peekable();
        if let Some(named) = self.by_cookie(ask) {
            full(named)
        } else if tier.peek().is_some() {
            tier.all(full)
        } else {
            self.spares.iter().flatten().filter(fresh).any(full)
        }
    }

    /// Those that the request was not at, and could go to if they are not full.
    pub(super) fn fresh(&self, ask: &Ask<'_>) -> impl Iterator<Item = &Member> {
        let all = self.tier.iter().chain(self.spares.iter().flatten());
        let fresh = all.filter(|member| !ask.tried.contains(&member.endpoint));
        fresh.chain(self.by_cookie(ask))
    }

    /// Where it goes as the policy has it.
    fn in_tier(&self, ask: &Ask<'_>, means: &Means<'_>) -> Option<&Member> {
        let now = LazyCell::new(Instant::now as fn() -> Instant);
        let slow_start = means.settings.slow_start;
        let warmth = |member: &Member| match self.warm_at {
            Some(_) => member.endpoint.health().warmth(*now, slow_start),
            None => 1.0,
        };
        let candidates = Candidates {
            members: &self.tier,
            ask,
            per_host: means.per_host,
            dice: means.dice,
            now: &now,
            warmth: &warmth,
        };
        if self.tier.is_empty() {
            return None;
        }
        match (&means.settings.policy.0, ask.key) {
            (Kind::RoundRobin, _) if ask.tried.is_none() => self.in_turn(&candidates, means),
            (Kind::Hash { bound, .. }, Some(key)) => self.by_key(key, *bound, means, ask),
            // What one does not bear is shared by all others, not borne by the next one alone.
            (Kind::RoundRobin, _) | (Kind::Hash { .. }, None) => {
                self.tier.get(Random.choose(&candidates)?)
            }
            (Kind::Own { balance, .. }, _) => self.tier.get(own_choice(&**balance, &candidates)?),
        }
    }

    /// The one that the client's cookie names, if it is healthy, drained or not, and the request was not there.
    fn by_cookie(&self, ask: &Ask<'_>) -> Option<&Member> {
        let place = self.tokens.as_ref()?.get(ask.cookie?)?;
        let member = self.members.get(place)?;
        let is_up = member.endpoint.health().is_up(Instant::now());
        (is_up && !ask.tried.contains(&member.endpoint)).then_some(member)
    }

    /// The one whose turn it is. One that is full lets it pass, and one in slow start some of them; all others share those.
    fn in_turn(&self, candidates: &Candidates<'_>, means: &Means<'_>) -> Option<&Member> {
        let member = self.rotation(means.turns.take()).next()?;
        let id = member.endpoint.id();
        let is_open = means.takes(member, candidates.ask);
        let warmth = (candidates.warmth)(member);
        if is_open && (warmth >= 1.0 || means.dice.part() < warmth) {
            return Some(member);
        }
        let another = draw(candidates, |at| self.tier[at].endpoint.id() != id);
        another
            .and_then(|at| self.tier.get(at))
            .or(is_open.then_some(member))
    }

    /// The one that the key belongs to; if there is a bound, of those that have less than theirs under way.
    fn by_key(
        &self,
        key: u64,
        bound: Option<u32>,
        means: &Means<'_>,
        ask: &Ask<'_>,
    ) -> Option<&Member> {
        // Before they are looked for at all of their points.
        if !self.tier.iter().any(|member| means.takes(member, ask)) {
            return None;
        }
        let affinity = self.affinity.as_ref()?;
        let member = |place: usize| self.members.get(place);
        let takes = |place| member(place).is_some_and(|member| means.takes(member, ask));
        let has_less = |place, percent| {
            let bound = affinity.bound(place, percent, means.in_flight + 1);
            member(place).is_some_and(|member| member.endpoint.load().in_flight() < bound)
        };
        bound
            .and_then(|bound| affinity.find(key, |at| has_less(at, bound) && takes(at)))
            .or_else(|| affinity.find(key, takes))
            .and_then(member)
    }

    /// One of those that get nothing as long as others can. Drawn: who has the turn depends on how many tries there were.
    fn spare(&self, ask: &Ask<'_>, means: &Means<'_>) -> Option<&Member> {
        let fresh = |member: &Member| !ask.tried.contains(&member.endpoint);
        // They can, but are full, or the user's own policy wants none of them.
        if self.tier.iter().any(fresh) {
            return None;
        }
        self.spares.iter().find_map(|spares| {
            let (before, after) = spares.split_at(means.dice.below(spares.len()));
            let mut all = after.iter().chain(before);
            all.find(|member| means.takes(member, ask))
        })
    }

    /// How many turns there are until they begin anew.
    fn cycle(&self) -> u64 {
        let each = self.schedule.as_ref().map(|schedule| schedule.len());
        each.unwrap_or(self.tier.len()) as u64
    }

    /// Whose turns they are, from the first of a cycle to the last.
    fn turns(&self) -> impl Iterator<Item = &Member> {
        (0..self.cycle()).filter_map(|number| self.at(number))
    }

    /// The same, beginning with `turn`.
    pub(super) fn rotation(&self, turn: u64) -> impl Iterator<Item = &Member> {
        let cycle = self.cycle();
        let start = match cycle {
            0 => 0,
            _ => turn.wrapping_add(self.shift) % cycle,
        };
        (start..cycle)
            .chain(0..start)
            .filter_map(|number| self.at(number))
    }

    /// Whose the turn of that number is.
    fn at(&self, number: u64) -> Option<&Member> {
        let number = usize::try_from(number).ok()?;
        match &self.schedule {
            None => self.tier.get(number),
            Some(schedule) => self.tier.get(*schedule.get(number)? as usize),
        }
    }
}

/// What a policy says that may be a user's. One that panics, or chooses what was tried, has any other drawn.
fn own_choice(balance: &dyn Balance, candidates: &Candidates<'_>) -> Option<usize> {
    let choice = AssertUnwindSafe(|| balance.choose(candidates));
    match std::panic::catch_unwind(choice) {
        Ok(Some(at)) if at < candidates.len() && candidates.was_tried(at) => {
            Random.choose(candidates)
        }
        Ok(choice) => choice,
        Err(_) => {
            tracing::error!(target: "dial::upstream", "a balance panicked; any host is taken");
            Random.choose(candidates)
        }
    }
}

#[cfg(test)]
impl Snapshot {
    pub(super) fn shares_ring(&self, other: &Self) -> bool {
        let both = self.affinity.as_ref().zip(other.affinity.as_ref());
        both.is_some_and(|(own, other)| own.shares_ring(other))
    }
}

/// Those that get new requests: who is healthy, but backups only when nobody else is; and where all are sick, all of them
/// if the settings want that, since requests that may fail are better than none.
fn tier(members: &[Member], settings: &Settings, now: Instant) -> Vec<Member> {
    let open = || members.iter().filter(|member| !member.draining);
    let up = |backup| {
        let up =
            open().filter(|member| member.backup == backup && member.endpoint.health().is_up(now));
        up.cloned().collect::<Vec<_>>()
    };
    let first = up(false);
    if !first.is_empty() {
        return first;
    }
    let second = up(true);
    if !second.is_empty() || !settings.panic {
        return second;
    }
    let all = |backup| {
        open()
            .filter(move |member| member.backup == backup)
            .cloned()
    };
    match all(false).next() {
        Some(_) => all(false).collect(),
        None => all(true).collect(),
    }
}

/// Those that are drained are nobody's spares; nor are the sick ones where they are not to be tried.
fn spares(
    members: &[Member],
    tier: &[Member],
    settings: &Settings,
    now: Instant,
) -> [Vec<Member>; 2] {
    let ids: HashSet<_> = tier.iter().map(Member::id).collect();
    let others = || {
        let open = members.iter().filter(|member| !member.draining);
        open.filter(|member| !ids.contains(&member.id()))
    };
    let up = |member: &&Member| member.endpoint.health().is_up(now);
    let sick = others().filter(|member| settings.panic && !up(member));
    [
        others().filter(up).cloned().collect(),
        sick.cloned().collect(),
    ]
}
