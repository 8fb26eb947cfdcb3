//! What happens to the endpoints in each phase, and what may come of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::endpoint::Mode;
use crate::fleet::{Fleet, SIZE};
use crate::load::{self, Mix};
use crate::proxy::{self, Kind, Proxy};
use crate::report::{BEGINNING, Record, Window};

/// How long an endpoint is down that is restarted, and until the next one is; and how long one that flaps is down, and up.
const RESTART: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(700)];
const FLAP: Duration = Duration::from_millis(400);
/// How long all are down: shorter than requests may wait.
const ALL_DOWN: Duration = Duration::from_secs(2);

/// A phase of the drill.
#[derive(Debug)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) goal: Goal,
    script: Script,
}

/// What clients may see.
#[derive(Clone, Debug)]
pub(crate) enum Goal {
    /// No failed GET, and no failed POST but those that a faulty endpoint had received or died with.
    Nothing,
    /// The same, and a faulty endpoint gets requests for no longer than this, and few at first when it is back.
    Out(Duration),
    /// A GET may fail whose answer broke off when its head had been passed on, but only until the endpoint is out:
    /// so many for each time one is faulty.
    Broken(usize),
    /// No failed GET, and of the POSTs no more than one of a hundred: those that went out on a connection at the moment
    /// it was closed.
    Closing,
    /// Endpoints get that many requests for one of a client: so few as there are retries, and no more than a budget of a
    /// fifth, and the few retries a second that are free, allow. And of a client's requests no greater part than this fails.
    Load(RangeInclusive<f64>, f64),
}

#[derive(Clone, Copy, Debug)]
enum Script {
    Steady,
    /// One endpoint after the other is killed, and restarted after a time.
    Killed,
    /// One after the other behaves so for a time.
    Each(Mode),
    /// One after the other is taken out of the list of hosts, restarted, and put back.
    Removed,
    Deployed,
    TwoDown,
    Flapping,
    Closing,
    BrownOut,
    AllDown,
}

/// How long a faulty endpoint may get requests.
const OUT: Goal = Goal::Out(Duration::from_millis(2500));

/// A host that has left the list, before it is stopped.
const LEFT: Duration = Duration::from_millis(1900);

pub(crate) const PHASES: [Phase; 14] = [
    Phase::new("steady", Goal::Nothing, Script::Steady),
    Phase::new("killed", OUT, Script::Killed),
    Phase::new("hung", OUT, Script::Each(Mode::Hung)),
    Phase::new("slowed", Goal::Nothing, Script::Each(Mode::Slow)),
    Phase::new("500", OUT, Script::Each(Mode::Failing)),
    Phase::new("reset in the head", OUT, Script::Each(Mode::CutHead)),
    Phase::new(
        "reset in the body",
        Goal::Broken(20),
        Script::Each(Mode::CutBody),
    ),
    Phase::new("removed and added", Goal::Out(LEFT), Script::Removed),
    Phase::new("deploy, no drain", Goal::Nothing, Script::Deployed),
    Phase::new("two of three down", Goal::Nothing, Script::TwoDown),
    Phase::new("flapping", Goal::Nothing, Script::Flapping),
    Phase::new("closed unannounced", Goal::Closing, Script::Closing),
    Phase::new("all down for 2 s", Goal::Nothing, Script::AllDown),
    Phase::new("brown-out", Goal::Load(1.1..=1.3, 0.6), Script::BrownOut),
];

/// How long things take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Before a fault.
    calm: Duration,
    fault: Duration,
    /// How many endpoints have theirs, one after the other.
    in_turn: usize,
    /// How often the one that flaps goes down.
    flaps: u32,
}

impl Pace {
    /// For each commit: about a minute in all.
    pub(crate) const SHORT: Self = Self {
        calm: Duration::from_millis(300),
        fault: Duration::from_secs(2),
        in_turn: 1,
        flaps: 4,
    };

    /// By hand.
    pub(crate) const LONG: Self = Self {
        calm: Duration::from_secs(2),
        fault: Duration::from_secs(6),
        in_turn: SIZE,
        flaps: 20,
    };
}

impl Phase {
    const fn new(name: &'static str, goal: Goal, script: Script) -> Self {
        Self { name, goal, script }
    }

    pub(crate) fn can_be_played(&self, kind: Kind) -> bool {
        kind.learns_hosts() || !matches!(self.script, Script::Removed)
    }

    /// Plays it with a proxy and endpoints of its own.
    pub(crate) async fn play(&self, kind: Kind, pace: Pace) -> Record {
        let fleet = Fleet::start().await;
        let may_change = matches!(self.script, Script::Removed);
        let proxy = Proxy::start(kind, &fleet.addrs(), may_change).await;
        let addr = proxy.addr;
        let mut stage = Stage {
            fleet,
            proxy,
            pace,
            windows: Vec::new(),
        };
        // Only what may be sent again can be too much.
        let mix = match self.script {
            Script::BrownOut => Mix::Gets,
            _ => Mix::Both,
        };
        let outcomes = load::during(addr, mix, stage.play(self.script)).await;
        stage.proxy.assert_runs();
        Record::new(&outcomes, &stage.fleet.book(), &stage.windows)
    }
}

/// Where a phase is played.
struct Stage {
    fleet: Fleet,
    proxy: Proxy,
    pace: Pace,
    windows: Vec<Window>,
}

impl Stage {
    async fn play(&mut self, script: Script) {
        let Pace { fault, in_turn, .. } = self.pace;
        sleep(self.pace.calm).await;
        match script {
            Script::Steady => sleep(fault).await,
            Script::Killed => {
                for number in 0..in_turn {
                    self.kill(&[number], fault).await;
                }
            }
            Script::Each(mode) => {
                for number in 0..in_turn {
                    self.set(&[number], mode, fault).await;
                }
            }
            Script::Removed => {
                for number in 0..in_turn {
                    self.remove(number).await;
                }
            }
            Script::Deployed => {
                for number in 0..SIZE {
                    self.fleet.kill(number).await;
                    sleep(RESTART[0]).await;
                    self.fleet.restart(number).await;
                    sleep(RESTART[1]).await;
                }
            }
            Script::TwoDown => self.kill(&[0, 1], fault).await,
            Script::Flapping => {
                for _ in 0..self.pace.flaps {
                    self.fleet.kill(0).await;
                    sleep(FLAP).await;
                    self.fleet.restart(0).await;
                    sleep(FLAP).await;
                }
            }
            Script::Closing => self.set(&[0, 1, 2], Mode::Closing, fault).await,
            Script::BrownOut => self.set(&[0, 1, 2], Mode::Brown, fault * 3).await,
            Script::AllDown => self.kill(&[0, 1, 2], ALL_DOWN).await,
        }
        sleep(self.pace.calm).await;
    }

    async fn kill(&mut self, numbers: &[usize], time: Duration) {
        let from = Instant::now();
        for &number in numbers {
            self.fleet.kill(number).await;
        }
        sleep(time).await;
        let to = Instant::now();
        for &number in numbers {
            self.fleet.restart(number).await;
        }
        self.healed(numbers, from, to).await;
    }

    async fn set(&mut self, numbers: &[usize], mode: Mode, time: Duration) {
        let from = Instant::now();
        for &number in numbers {
            self.fleet.set(number, mode).await;
        }
        sleep(time).await;
        let to = Instant::now();
        for &number in numbers {
            self.fleet.set(number, Mode::Well).await;
        }
        self.healed(numbers, from, to).await;
    }

    /// What has left the list may be stopped, once its last requests are answered.
    async fn remove(&mut self, number: usize) {
        let from = Instant::now();
        let all = self.fleet.addrs();
        let mut others = all.clone();
        others.remove(number);
        self.proxy.set_hosts(&others);
        sleep(self.pace.fault).await;
        self.fleet.kill(number).await;
        sleep(self.pace.calm).await;
        self.fleet.restart(number).await;
        let to = Instant::now();
        self.proxy.set_hosts(&all);
        self.healed(&[number], from, to).await;
    }

    /// Waits until those that were faulty get requests again, if they do in time, and notes when they had been. And then until
    /// what is looked at of their slow start is over.
    async fn healed(&mut self, numbers: &[usize], from: Instant, to: Instant) {
        let deadline = to + proxy::back_within(to - from);
        for &endpoint in numbers {
            let window = Window { endpoint, from, to };
            while Instant::now() < deadline && window.back(&self.fleet.book()).is_none() {
                sleep(Duration::from_millis(20)).await;
            }
            self.windows.push(window);
        }
        sleep(self.pace.calm.max(BEGINNING)).await;
    }
}
