//! The command line.

use crate::phases::{PHASES, Pace};
use crate::proxy::{KINDS, Kind};

pub(crate) const USAGE: &str = "\
usage: drill [--long] [--proxy dial,nginx,haproxy,caddy] [--only PHASE,..]
  --long   each endpoint in turn, and each phase longer
  --proxy  what to put under the drill                   [dial]
  --only   phases whose names begin so                   [all]";

pub(crate) struct Options {
    pub(crate) pace: Pace,
    pub(crate) proxies: Vec<Kind>,
    only: Vec<String>,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            pace: Pace::SHORT,
            proxies: vec![Kind::Dial],
            only: Vec::new(),
        };
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or(format!("{flag} needs a value"));
            match flag.as_str() {
                "--long" => options.pace = Pace::LONG,
                "--proxy" => options.proxies = proxies(&value()?)?,
                "--only" => options.only = value()?.split(',').map(str::to_owned).collect(),
                _ => return Err(format!("unknown flag `{flag}`")),
            }
        }
        match PHASES.iter().any(|phase| options.plays(phase.name)) {
            true => Ok(options),
            false => Err("no phase is called so".to_owned()),
        }
    }

    pub(crate) fn plays(&self, phase: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| phase.starts_with(only))
    }
}

fn proxies(list: &str) -> Result<Vec<Kind>, String> {
    let proxy = |name: &str| {
        let kind = KINDS.iter().find(|(_, known)| *known == name);
        kind.map(|(kind, _)| *kind)
            .ok_or(format!("no proxy `{name}`"))
    };
    list.split(',').map(proxy).collect()
}
