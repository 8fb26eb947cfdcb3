//! A table in Markdown.

use std::fmt::Write;

use super::{cost, rate, thousands};
use crate::load::{Latency, Mode, Outcome};
use crate::rounds::Table;
use crate::stats::Spread;

pub(crate) fn table(table: &Table) -> String {
    let mut text = format!("## {}\n\n", table.title);
    let (head, row): (&str, fn(&Table, usize) -> String) = match table.load.mode {
        Mode::Idle { .. } => (
            "| KiB per connection | PSS before, MiB | PSS with them, MiB | RSS with them, MiB | peak RSS, MiB |",
            idle,
        ),
        Mode::Rate(_) => (
            "| p50 µs | p99 µs (min–max) | p99 × (min–max) | CPU µs/request | requests/s |",
            latency,
        ),
        _ => (
            "| CPU µs/request (user + system) | × (min–max) | requests/s | CPU | switches/request (voluntary + not) | peak RSS, MiB |",
            closed,
        ),
    };
    let columns = head.matches('|').count() - 1;
    let _ = writeln!(text, "| {head}\n|---|{}", "---:|".repeat(columns));
    for (index, entry) in table.entries.iter().enumerate() {
        let _ = writeln!(text, "| {} {}", entry.label, row(table, index));
    }
    let closed = table
        .outcomes
        .iter()
        .flatten()
        .map(|outcome| outcome.reconnects);
    let closed: u64 = closed.sum();
    if closed > 0 {
        let _ = writeln!(
            text,
            "\nPeers closed {} connections, as they announced.",
            thousands(closed)
        );
    }
    text
}

fn closed(table: &Table, index: usize) -> String {
    let outcomes = &table.outcomes[index];
    let part = |part: fn(&Outcome) -> u64| {
        median(outcomes, |outcome| {
            let ticks = (outcome.cpu.user + outcome.cpu.system).max(1);
            cost(outcome) * number(part(outcome)) / number(ticks)
        })
    };
    let switches = |part: fn(&Outcome) -> u64| {
        median(outcomes, |outcome| {
            number(part(outcome)) / number(outcome.requests)
        })
    };
    let busy = median(outcomes, |outcome| {
        number(outcome.cpu.nanos) / 1e9 / outcome.seconds * 100.0
    });
    format!(
        "| {:.2} ({:.2} + {:.2}) | {} | {} | {busy:.0} % | {:.2} + {:.3} | {:.1} |",
        median(outcomes, cost),
        part(|outcome| outcome.cpu.user),
        part(|outcome| outcome.cpu.system),
        ratio(table, index, cost),
        whole(median(outcomes, rate)),
        switches(|outcome| outcome.cpu.voluntary),
        switches(|outcome| outcome.cpu.involuntary),
        peak(outcomes),
    )
}

fn latency(table: &Table, index: usize) -> String {
    let outcomes = &table.outcomes[index];
    let held = |outcome: &Outcome| matches!(outcome.latency, Some(Latency::Held { .. }));
    if !outcomes.iter().all(held) {
        return "| not held | | | | |".to_owned();
    }
    let p99 = Spread::of(outcomes.iter().map(p99)).unwrap_or_default();
    format!(
        "| {} | {} ({}–{}) | {} | {:.2} | {} |",
        whole(median(outcomes, p50)),
        whole(p99.median),
        whole(p99.min),
        whole(p99.max),
        ratio(table, index, self::p99),
        median(outcomes, cost),
        whole(median(outcomes, rate)),
    )
}

fn idle(table: &Table, index: usize) -> String {
    let outcomes = &table.outcomes[index];
    let mib = |of: fn(&Outcome) -> u64| median(outcomes, |outcome| number(of(outcome)) / 1024.0);
    let connections = number(table.load.connections as u64);
    let each = median(outcomes, |outcome| {
        (number(outcome.after.pss) - number(outcome.before.pss)) / connections
    });
    format!(
        "| {each:.2} | {:.1} | {:.1} | {:.1} | {:.1} |",
        mib(|outcome| outcome.before.pss),
        mib(|outcome| outcome.after.pss),
        mib(|outcome| outcome.after.rss),
        peak(outcomes),
    )
}

/// To the row's base, round by round.
fn ratio(table: &Table, index: usize, of: fn(&Outcome) -> f64) -> String {
    match ratios(table, index, of) {
        Some(ratio) if table.entries[index].base != index => {
            format!("{:.2} ({:.2}–{:.2})", ratio.median, ratio.min, ratio.max)
        }
        Some(_) => "1".to_owned(),
        None => "–".to_owned(),
    }
}

pub(super) fn ratios(table: &Table, index: usize, of: fn(&Outcome) -> f64) -> Option<Spread> {
    let values = |index: usize| -> Vec<f64> { table.outcomes[index].iter().map(of).collect() };
    Spread::of_ratios(&values(index), &values(table.entries[index].base))
}

fn p50(outcome: &Outcome) -> f64 {
    match outcome.latency {
        Some(Latency::Held { p50, .. }) => number(p50) / 1_000.0,
        _ => f64::NAN,
    }
}

fn p99(outcome: &Outcome) -> f64 {
    match outcome.latency {
        Some(Latency::Held { p99, .. }) => number(p99) / 1_000.0,
        _ => f64::NAN,
    }
}

fn peak(outcomes: &[Outcome]) -> f64 {
    median(outcomes, |outcome| number(outcome.after.peak) / 1024.0)
}

fn median(outcomes: &[Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    Spread::of(outcomes.iter().map(of)).map_or(f64::NAN, |spread| spread.median)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn number(value: u64) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate or a time, both not negative and far below 2^64"
)]
pub(crate) fn whole(value: f64) -> String {
    thousands(value.round() as u64)
}
