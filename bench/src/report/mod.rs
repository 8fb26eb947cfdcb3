//! What is told of a run.

mod chart;
mod table;

use std::fmt::Write;
use std::path::Path;

use crate::cli::Options;
use crate::load::Outcome;
use crate::machine;
use crate::rounds::Table;

pub(crate) use table::{table, whole};

/// RESULTS.md and chart.svg, beside this program's sources.
pub(crate) fn write(
    options: &Options,
    versions: &[String],
    tables: &[Table],
) -> Result<(), String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let put = |name: &str, content: &str| {
        let path = directory.join(name);
        std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))
    };
    put("RESULTS.md", &results(options, versions, tables))?;
    match chart::chart(tables) {
        Some(chart) => put("chart.svg", &chart),
        None => Ok(()),
    }
}

fn results(options: &Options, versions: &[String], tables: &[Table]) -> String {
    let mut text = String::from(
        "# Results\n\nWritten by a run; [README.md](README.md) tells how to read it.\n\n",
    );
    let facts = [
        ("machine", machine::describe()),
        ("load average at the end", machine::load()),
        ("compiler", machine::compiler()),
        ("date", machine::date()),
        ("command", format!("`{}`", options.command.trim_end())),
        (
            "rounds",
            format!(
                "{} of {:?} each, interleaved",
                options.rounds, options.window
            ),
        ),
    ];
    text.push_str("| | |\n|---|---|\n");
    for (name, fact) in facts {
        let _ = writeln!(text, "| {name} | {fact} |");
    }
    for (peer, version) in options.peers.iter().zip(versions) {
        let _ = writeln!(text, "| {} | {version} |", peer.name);
    }
    for table in tables {
        let _ = write!(text, "\n{}", self::table(table));
    }
    text
}

/// Requests per second.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn rate(outcome: &Outcome) -> f64 {
    outcome.requests as f64 / outcome.seconds
}

/// CPU time of a request in microseconds.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn cost(outcome: &Outcome) -> f64 {
    outcome.cpu.nanos as f64 / 1_000.0 / outcome.requests as f64
}

/// 10,000
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }
}
