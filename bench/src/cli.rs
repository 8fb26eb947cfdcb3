//! What to run.

use std::time::Duration;

use crate::peers::{self, BASE, Peer};

pub(crate) const USAGE: &str = "\
usage: cargo run --release -- [options] [LOAD ..]
LOAD is a part of the name of loads to run: small, 64KiB, upload, connect, fields, routes, rate, idle, growth; all if
there is none. Names that end in `$` are whole.
  --peers A,B       only these, and nginx               [all]
  --workers N,M     of 1 and 2                          [1,2]
  --rounds N        of everything                       [5]
  --window DUR      measured for so long, after a third of it to warm up   [2s]
  --quick           two rounds of 600ms, and one worker
  --write           RESULTS.md and chart.svg, also if not everything was run";

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) peers: Vec<&'static Peer>,
    /// Whether they were asked for by name, so that none may be missing.
    pub(crate) named: bool,
    pub(crate) workers: Vec<usize>,
    pub(crate) loads: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) window: Duration,
    pub(crate) write: bool,
    /// As it was called.
    pub(crate) command: String,
}

impl Options {
    pub(crate) fn parse(args: Vec<String>) -> Result<Self, String> {
        Self::read(args).map_err(|error| format!("{error}\n{USAGE}"))
    }

    fn read(args: Vec<String>) -> Result<Self, String> {
        let mut options = Self {
            peers: peers::ALL.iter().collect(),
            named: false,
            workers: vec![1, 2],
            loads: Vec::new(),
            rounds: 5,
            window: Duration::from_secs(2),
            write: false,
            command: ["cargo run --release --".to_owned()]
                .into_iter()
                .chain(args.iter().cloned())
                .collect::<Vec<_>>()
                .join(" "),
        };
        let mut whole = true;
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            whole = false;
            let mut value = || args.next().ok_or(format!("{arg} needs a value"));
            match arg.as_str() {
                "--peers" => {
                    options.peers = chosen(&value()?)?;
                    options.named = true;
                }
                "--workers" => options.workers = numbers(&value()?, 1..=2)?,
                "--rounds" => options.rounds = numbers(&value()?, 1..=100)?[0],
                "--window" => options.window = duration(&value()?)?,
                "--quick" => {
                    options.rounds = 2;
                    options.window = Duration::from_millis(600);
                    options.workers = vec![1];
                }
                "--write" => options.write = true,
                _ if arg.starts_with('-') => return Err(format!("unknown option `{arg}`")),
                _ => options.loads.push(arg),
            }
        }
        options.write |= whole;
        Ok(options)
    }

    /// Whether a load of this name is asked for.
    pub(crate) fn wants(&self, load: &str) -> bool {
        let fits = |filter: &String| match filter.strip_suffix('$') {
            Some(name) => load == name,
            None => load.contains(filter.as_str()),
        };
        self.loads.is_empty() || self.loads.iter().any(fits)
    }
}

/// With the one that all are compared with, in the order of the tables.
fn chosen(names: &str) -> Result<Vec<&'static Peer>, String> {
    let names: Vec<&str> = names.split(',').collect();
    if let Some(name) = names.iter().find(|name| peers::find(name).is_none()) {
        return Err(format!("no peer `{name}`"));
    }
    let wanted = |peer: &&Peer| peer.name == BASE || names.contains(&peer.name);
    Ok(peers::ALL.iter().filter(wanted).collect())
}

fn numbers(list: &str, range: std::ops::RangeInclusive<usize>) -> Result<Vec<usize>, String> {
    let number = |text: &str| text.parse().ok().filter(|number| range.contains(number));
    list.split(',')
        .map(|text| number(text).ok_or(format!("`{text}` is not in {range:?}")))
        .collect()
}

fn duration(text: &str) -> Result<Duration, String> {
    let millis = match text.strip_suffix("ms") {
        Some(millis) => millis.parse().ok(),
        None => text
            .strip_suffix('s')
            .and_then(|seconds| seconds.parse::<u64>().ok()?.checked_mul(1000)),
    };
    match millis {
        Some(millis @ 100..=60_000) => Ok(Duration::from_millis(millis)),
        _ => Err(format!("`{text}` is not within 100ms and 60s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &str) -> Result<Options, String> {
        Options::read(args.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn options() {
        let all = parse("").unwrap();
        assert!(all.write && all.wants("idle") && all.workers == [1, 2]);
        let some = parse("--quick --peers dial small/64 1MiB$ --window 300ms").unwrap();
        assert!(!some.write && some.wants("small/64") && some.wants("1MiB"));
        assert!(!some.wants("upload/1MiB") && !some.wants("idle"));
        assert_eq!(some.window, Duration::from_millis(300));
        let names: Vec<_> = some.peers.iter().map(|peer| peer.name).collect();
        assert_eq!(names, ["nginx", "dial"]);
        assert_eq!(some.rounds, 2);
        for bad in [
            "--peers x",
            "--workers 3",
            "--window 5",
            "--rounds 0",
            "-x",
            "--window",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
