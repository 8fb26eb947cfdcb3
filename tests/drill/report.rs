//! What has come of a phase, and whether that is good enough.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::Instant;

use crate::fleet::{Book, Fault, Receipt, SIZE};
use crate::load::{Failure, Outcome};
use crate::phases::Goal;
use crate::proxy::{self, Kind};

/// An endpoint that gets nothing for so long, of the hundred requests a second that are its share, is out.
const SILENCE: Duration = Duration::from_millis(300);

/// What is looked at of a slow start: in its first quarter an endpoint gets a sixth of its share, or so.
pub(crate) const BEGINNING: Duration = Duration::from_millis(500);
/// No slow start gives it more than this part of it.
const SLOW: f64 = 0.5;

/// When an endpoint was faulty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) endpoint: usize,
    pub(crate) from: Instant,
    pub(crate) to: Instant,
}

impl Window {
    /// How long it took until the endpoint got no more; `None` if it always did.
    fn out(&self, book: &Book) -> Option<Duration> {
        let mut last = self.from;
        for receipt in self
            .receipts(book)
            .filter(|receipt| receipt.at >= self.from)
        {
            if receipt.at.min(self.to) - last >= SILENCE {
                break;
            }
            last = receipt.at;
        }
        let is_out = last < self.to && self.to - last >= SILENCE;
        is_out.then(|| last - self.from)
    }

    /// How long after it was healed the endpoint got a request.
    pub(crate) fn back(&self, book: &Book) -> Option<Duration> {
        let mut later = self.receipts(book).filter(|receipt| receipt.at > self.to);
        later.next().map(|receipt| receipt.at - self.to)
    }

    /// Whether it was back no later than the settings of the proxies say.
    fn is_back_in_time(&self, book: &Book) -> bool {
        let within = proxy::back_within(self.to - self.from);
        self.back(book).is_some_and(|back| back <= within)
    }

    /// The part of its share that the endpoint got in the beginning, when it was back; `None` if it was not.
    fn slow(&self, book: &Book) -> Option<f64> {
        let from = self.to + self.back(book)?;
        let early = |receipt: &&Receipt| receipt.at >= from && receipt.at < from + BEGINNING;
        let all = book.receipts.iter().filter(early).count();
        let own = self.receipts(book).filter(early).count();
        Some(ratio(own * SIZE, all))
    }

    fn receipts<'a>(&self, book: &'a Book) -> impl Iterator<Item = &'a Receipt> {
        let endpoint = self.endpoint;
        let receipts = book.receipts.iter();
        receipts.filter(move |receipt| receipt.endpoint == endpoint)
    }
}

/// The figures of a phase.
#[derive(Debug)]
pub(crate) struct Record {
    requests: usize,
    /// By how they failed.
    gets: BTreeMap<Failure, usize>,
    posts: BTreeMap<Failure, usize>,
    /// POSTs that a faulty endpoint had received, or swallowed: they cannot be sent again.
    lost: usize,
    /// POSTs that arrived more than once.
    doubled: usize,
    garbled: usize,
    worst: Duration,
    /// Requests at endpoints beyond the first of each.
    again: usize,
    /// Of clients' requests while the fault lasted: how many endpoints had for one, and the part that failed.
    load: f64,
    failing: f64,
    /// How often an endpoint was faulty.
    windows: usize,
    /// The slowest of them; `None` where one was never.
    out: Option<Duration>,
    back: Option<Duration>,
    /// How many were not back in time.
    late: usize,
    /// The greatest of what they got in the beginning; `None` where one was never back.
    slow: Option<f64>,
}

impl Record {
    pub(crate) fn new(outcomes: &[Outcome], book: &Book, windows: &[Window]) -> Self {
        let mut arrived: HashMap<u64, Vec<&Receipt>> = HashMap::new();
        for receipt in &book.receipts {
            arrived.entry(receipt.id).or_default().push(receipt);
        }
        let none = Vec::new();
        let (mut gets, mut posts, mut lost) = (BTreeMap::new(), BTreeMap::new(), 0);
        for outcome in outcomes {
            let Some(failure) = outcome.failure else {
                continue;
            };
            let receipts = arrived.get(&outcome.id).unwrap_or(&none);
            let is_lost = outcome.is_post && failure != Failure::Wrong;
            if is_lost && is_excused(outcome, receipts, &book.faults) {
                lost += 1;
                continue;
            }
            let failures = if outcome.is_post {
                &mut posts
            } else {
                &mut gets
            };
            *failures.entry(failure).or_insert(0) += 1;
        }
        let is_double = |receipts: &&Vec<&Receipt>| receipts[0].is_post && receipts.len() > 1;
        let (load, failing) = load(outcomes, book, windows);
        let all = |time: fn(&Window, &Book) -> Option<Duration>| {
            let times = windows.iter().map(|window| time(window, book));
            times.reduce(|a, b| Some(a?.max(b?))).flatten()
        };
        let late = windows.iter().filter(|it| !it.is_back_in_time(book));
        let slow = windows.iter().map(|window| window.slow(book));
        Self {
            requests: outcomes.len(),
            gets,
            posts,
            lost,
            doubled: arrived.values().filter(is_double).count(),
            garbled: book.garbled,
            worst: outcomes.iter().map(Outcome::took).max().unwrap_or_default(),
            again: book.receipts.len() - arrived.len(),
            load,
            failing,
            windows: windows.len(),
            out: all(Window::out),
            back: all(Window::back),
            late: late.count(),
            slow: slow.reduce(|a, b| Some(a?.max(b?))).flatten(),
        }
    }

    /// What keeps the phase from its goal.
    pub(crate) fn faults(&self, goal: &Goal, kind: Kind) -> Vec<String> {
        let mut faults = Vec::new();
        let mut check = |is_well: bool, what: &str| {
            if !is_well {
                faults.push(what.to_owned());
            }
        };
        let (gets, posts) = (total(&self.gets), total(&self.posts));
        match goal {
            Goal::Nothing => check(gets == 0, "GETs failed"),
            Goal::Out(within) => {
                check(gets == 0, "GETs failed");
                let out = self.out.is_some_and(|out| out <= *within);
                check(out, &format!("not out within {within:?}"));
                let slow = self.slow.is_some_and(|slow| slow <= SLOW);
                check(slow || !kind.starts_slowly(), "back without a slow start");
            }
            Goal::Broken(most) => {
                let broken = self.gets.get(&Failure::Reset).copied().unwrap_or(0);
                check(gets == broken, "GETs failed that were not broken off");
                let most = *most * self.windows;
                check(broken <= most, &format!("more than {most} were broken off"));
            }
            Goal::Closing => {
                check(gets == 0, "GETs failed");
                let few = self.lost * 200 <= self.requests;
                check(few, "too many POSTs failed");
            }
            Goal::Load(load, failing) => {
                let what = format!("not {load:?} times the load");
                check(load.contains(&self.load), &what);
                let what = format!("more than {failing} of the requests failed");
                check(self.failing <= *failing, &what);
            }
        }
        if !matches!(goal, Goal::Load(..)) {
            check(posts == 0, "POSTs failed that could have gone elsewhere");
        }
        check(self.late == 0, "not back in time");
        check(self.doubled == 0, "POSTs arrived twice");
        check(self.garbled == 0, "bodies arrived garbled");
        let wrong = self.gets.contains_key(&Failure::Wrong);
        check(!wrong, "answers were wrong");
        faults
    }

    /// In columns, as [`header`] names them.
    pub(crate) fn line(&self) -> String {
        let seconds = |time: Option<Duration>| {
            time.map_or("-".to_owned(), |time| {
                format!("{:.2} s", time.as_secs_f64())
            })
        };
        format!(
            "{:>8}  {:<22}  {:<22}  {:>4}  {:>5}  {:>7}  {:>4.2}  {:>7}  {:>7}  {:>4}",
            self.requests,
            failures(&self.gets),
            failures(&self.posts),
            self.lost,
            self.again,
            format!("{} ms", self.worst.as_millis()),
            self.load,
            seconds(self.out),
            seconds(self.back),
            self.slow
                .map_or("-".to_owned(), |slow| format!("{slow:.2}")),
        )
    }
}

/// The columns of [`Record::line`].
pub(crate) fn header() -> String {
    format!(
        "{:>8}  {:<22}  {:<22}  {:>4}  {:>5}  {:>7}  {:>4}  {:>7}  {:>7}  {:>4}",
        "requests",
        "failed GETs",
        "failed POSTs",
        "lost",
        "again",
        "worst",
        "load",
        "out",
        "back",
        "slow",
    )
}

impl Outcome {
    fn took(&self) -> Duration {
        self.ended.saturating_duration_since(self.due)
    }
}

/// Whether a POST may fail: a faulty endpoint had it, or it was under way when one swallowed it.
fn is_excused(outcome: &Outcome, receipts: &[&Receipt], faults: &[Fault]) -> bool {
    let (sent, ended) = (outcome.due, outcome.ended);
    faults.iter().any(|fault| {
        let had = |receipt: &&&Receipt| {
            receipt.endpoint == fault.endpoint && fault.to.is_none_or(|to| receipt.at <= to)
        };
        let had = fault.from <= ended && receipts.iter().any(|receipt| had(&receipt));
        had || fault
            .swallowed
            .is_some_and(|until| sent <= until && fault.from <= ended)
    })
}

/// How many requests endpoints had for one of a client, from the first fault to the last, and the part that failed.
fn load(outcomes: &[Outcome], book: &Book, windows: &[Window]) -> (f64, f64) {
    let from = windows.iter().map(|window| window.from).min();
    let to = windows.iter().map(|window| window.to).max();
    let (Some(from), Some(to)) = (from, to) else {
        return (1.0, 0.0);
    };
    let (mut ids, mut failed) = (HashSet::new(), 0);
    for outcome in outcomes {
        if from <= outcome.due && outcome.due < to {
            ids.insert(outcome.id);
            failed += usize::from(outcome.failure.is_some());
        }
    }
    let receipts = book.receipts.iter();
    let arrived = receipts.filter(|receipt| ids.contains(&receipt.id));
    (ratio(arrived.count(), ids.len()), ratio(failed, ids.len()))
}

#[allow(clippy::cast_precision_loss, reason = "thousands of requests")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn total(failures: &BTreeMap<Failure, usize>) -> usize {
    failures.values().sum()
}

fn failures(failures: &BTreeMap<Failure, usize>) -> String {
    let mut text = total(failures).to_string();
    for (number, (failure, count)) in failures.iter().enumerate() {
        let before = if number == 0 { ": " } else { ", " };
        let kind = match failure {
            Failure::Status(status) => status.to_string(),
            Failure::Connect => "connect".to_owned(),
            Failure::Reset => "reset".to_owned(),
            Failure::Timeout => "timeout".to_owned(),
            Failure::Wrong => "wrong".to_owned(),
        };
        let _ = write!(text, "{before}{count}x {kind}");
    }
    text
}
