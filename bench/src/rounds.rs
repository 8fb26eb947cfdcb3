//! The run: tables of entries, measured in turn, round after round.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;
use std::time::{Duration, Instant};

use crate::children;
use crate::cli::Options;
use crate::load::{Mode, Outcome};
use crate::loads::{self, Load, Request};
use crate::machine;
use crate::measure::Bench;
use crate::peers::{self, BASE, Peer};
use crate::report;
use crate::stats::Spread;

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) label: String,
    pub(crate) peer: &'static Peer,
    pub(crate) load: Load,
    origins: usize,
    /// The row it is compared with.
    pub(crate) base: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) load: Load,
    pub(crate) title: String,
    pub(crate) workers: usize,
    pub(crate) entries: Vec<Entry>,
    /// Of each entry, one a round.
    pub(crate) outcomes: Vec<Vec<Outcome>>,
}

const ORIGINS: usize = 3;

pub(crate) fn run(mut options: Options) -> Result<(), String> {
    let versions = versions(&mut options)?;
    let options = &options;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    children::end_on_signals(directory.path().to_owned()).map_err(|error| error.to_string())?;
    let mut tables = plan(options);
    if tables.is_empty() {
        return Err(format!("no such load\n{}", crate::cli::USAGE));
    }
    let mut packages: Vec<&str> = options
        .peers
        .iter()
        .filter_map(|peer| peer.package)
        .collect();
    packages.dedup();
    peers::build(&packages)?;
    eprintln!(
        "about {} minutes",
        estimate(options, &tables).as_secs() / 60 + 1
    );

    let bench = Bench {
        directory: directory.path().to_owned(),
        cores: machine::cores(),
        warm_up: options.window / 3,
        window: options.window,
    };
    let mut saturation = None;
    for table in &mut tables {
        if matches!(table.load.mode, Mode::Rate(_)) {
            let rate = match saturation {
                Some(rate) => rate,
                None => saturate(&bench)?,
            };
            table.offer((rate / 2.0).round());
        }
        table.measure(&bench, options)?;
        if table.load.name == "small/64" && table.workers == 1 {
            saturation = table.rate_of(BASE);
        }
        println!("{}", report::table(table));
    }
    match options.write {
        true => report::write(options, &versions, &tables),
        false => Ok(()),
    }
}

/// Of all peers. Those that are not installed are left out, unless they were asked for.
fn versions(options: &mut Options) -> Result<Vec<String>, String> {
    let mut told = Vec::new();
    for peer in std::mem::take(&mut options.peers) {
        match (peer.version)() {
            Ok(version) => {
                told.push(version);
                options.peers.push(peer);
            }
            Err(error) if options.named || peer.name == BASE => return Err(error),
            Err(error) => eprintln!("without {}: {error}", peer.name),
        }
    }
    Ok(told)
}

/// Requests per second of the base.
fn saturate(bench: &Bench) -> Result<f64, String> {
    let base = peers::find(BASE).ok_or("no base")?;
    let mut origins = bench.origins(ORIGINS, 1)?;
    let outcome = bench.measure(base, &loads::ALL[0], &mut origins)?;
    Ok(report::rate(&outcome))
}

fn plan(options: &Options) -> Vec<Table> {
    let mut tables = Vec::new();
    for workers in &options.workers {
        for load in &loads::ALL {
            if options.wants(load.name) && (*workers == 1 || load.with_two) {
                tables.push(Table::of_peers(*load, *workers, options));
            }
        }
    }
    if options.wants(loads::ROUTES.name) {
        tables.push(Table::of_routes(options));
    }
    for load in [loads::RATE, loads::IDLE] {
        if options.wants(load.name) {
            tables.push(Table::of_peers(load, 1, options));
        }
    }
    if options.wants(loads::GROWTH.name) {
        tables.extend(growth(options));
    }
    tables
}

fn growth(options: &Options) -> Option<Table> {
    let dial = options.peers.iter().find(|peer| peer.name == "dial")?;
    let mut table = Table::new(loads::GROWTH, 1);
    let plain = loads::GROWTH;
    table.grow(dial, &[100, 1_000, 10_000], "clients", |clients| {
        let connections = clients;
        (
            Load {
                connections,
                ..plain
            },
            ORIGINS,
        )
    });
    table.grow(dial, &[10, 100, 1_000], "endpoints", |endpoints| {
        (plain, endpoints)
    });
    table.grow(dial, &[10, 100, 1_000, 10_000], "routes", |routes| {
        let request = Request::Routes(routes);
        (
            Load {
                request,
                routes,
                ..plain
            },
            ORIGINS,
        )
    });
    Some(table)
}

impl Table {
    fn new(load: Load, workers: usize) -> Self {
        let plural = if workers == 1 { "" } else { "s" };
        Self {
            load,
            title: format!("{}, {workers} worker{plural}", load.title),
            workers,
            entries: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    fn of_peers(load: Load, workers: usize, options: &Options) -> Self {
        let mut table = Self::new(load, workers);
        for peer in &options.peers {
            table.push(peer.name.to_owned(), peer, load, ORIGINS, 0);
        }
        table
    }

    /// Each that can have many, with them and without.
    fn of_routes(options: &Options) -> Self {
        let mut table = Self::new(loads::ROUTES, 1);
        for peer in options.peers.iter().filter(|peer| peer.has_routes) {
            let base = table.entries.len();
            let plain = Load {
                routes: 0,
                ..loads::ROUTES
            };
            table.push(
                format!("{}, one route", peer.name),
                peer,
                plain,
                ORIGINS,
                base,
            );
            let label = format!("{}, 100 routes", peer.name);
            table.push(label, peer, loads::ROUTES, ORIGINS, base);
        }
        table
    }

    fn grow(
        &mut self,
        peer: &'static Peer,
        sizes: &[usize],
        what: &str,
        of: impl Fn(usize) -> (Load, usize),
    ) {
        let base = self.entries.len();
        for size in sizes {
            let (load, origins) = of(*size);
            let label = format!("{} {what}", report::thousands(*size as u64));
            self.push(label, peer, load, origins, base);
        }
    }

    fn push(
        &mut self,
        label: String,
        peer: &'static Peer,
        load: Load,
        origins: usize,
        base: usize,
    ) {
        self.entries.push(Entry {
            label,
            peer,
            load,
            origins,
            base,
        });
        self.outcomes.push(Vec::new());
    }

    fn offer(&mut self, rate: f64) {
        let offered = report::whole(rate);
        self.title = format!("{}, {offered} requests/s offered", self.title);
        for entry in &mut self.entries {
            entry.load.mode = Mode::Rate(rate);
        }
    }

    /// Every entry once a round; each round begins with another one.
    fn measure(&mut self, bench: &Bench, options: &Options) -> Result<(), String> {
        let mut origins = BTreeMap::new();
        for entry in &self.entries {
            if let Vacant(missing) = origins.entry(entry.origins) {
                missing.insert(bench.origins(entry.origins, self.workers)?);
            }
        }
        let begin = Instant::now();
        for round in 0..self.rounds(options) {
            for turn in 0..self.entries.len() {
                let index = (round + turn) % self.entries.len();
                let entry = &self.entries[index];
                if let Some(origins) = origins.get_mut(&entry.origins) {
                    let outcome = bench.measure(entry.peer, &entry.load, origins)?;
                    self.outcomes[index].push(outcome);
                }
            }
        }
        eprintln!("{}: {:.0?}", self.title, begin.elapsed());
        Ok(())
    }

    fn rounds(&self, options: &Options) -> usize {
        match self.load.mode {
            // Memory hardly differs from round to round, and it takes long.
            Mode::Idle { .. } => options.rounds.min(2),
            _ => options.rounds,
        }
    }

    fn rate_of(&self, label: &str) -> Option<f64> {
        let index = self.entries.iter().position(|entry| entry.label == label)?;
        Some(Spread::of(self.outcomes[index].iter().map(report::rate))?.median)
    }
}

/// Starting and ending a peer takes half a second.
fn estimate(options: &Options, tables: &[Table]) -> Duration {
    let entry = options.window + options.window / 3 + Duration::from_millis(500);
    let mut all = Duration::ZERO;
    for table in tables {
        let each = match table.load.mode {
            Mode::Idle { settle_ms } => entry + Duration::from_millis(settle_ms + 2_000),
            _ => entry,
        };
        let times = table.entries.len() * table.rounds(options);
        all += each * u32::try_from(times).unwrap_or(u32::MAX);
    }
    all
}
