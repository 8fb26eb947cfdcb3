//! The fault drill: three endpoints behind a proxy fail in every way that endpoints do, while clients go on asking.
//!
//! ```text
//! cargo test -p dial-tests --features real-services --test drill
//! cargo test --release -p dial-tests --features real-services --test drill -- --long --proxy dial,nginx,haproxy,caddy
//! ```
//!
//! A phase at a time, each with endpoints and a proxy of its own: 300 requests a second on a fixed schedule, GET and POST
//! in turn, every one with a number, by which endpoints tell what they have received. No client may notice anything; a
//! POST may fail only if a faulty endpoint had received it, or died with it, because nobody may send that again.
//!
//! | column | |
//! |---|---|
//! | lost | POSTs that failed so; only the others are among the failed ones |
//! | again | requests that endpoints received beyond the first of each |
//! | load | requests at endpoints for one of a client, while the fault lasted |
//! | out, back | until the last of a faulty endpoint's requests, and the first after it was healed |
//! | slow | the part of its share that an endpoint which is back got in the first quarter of its slow start |
//!
//! An endpoint that was healed has to be back as soon as the settings have it, and in slow start. The exit code is 1 when a
//! phase of dial's has failed, whatever the reason; for other proxies it is only said what is so.

mod child;
mod endpoint;
mod fleet;
mod load;
mod options;
mod phases;
mod proxy;
mod report;

use std::error::Error;
use std::process::ExitCode;

use tokio::task::LocalSet;

use crate::options::{Options, USAGE};
use crate::phases::{PHASES, Phase};
use crate::proxy::Kind;

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("drill: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode, Box<dyn Error>> {
    match args {
        [part, addr] if part == "endpoint" => endpoint::run(addr.parse()?)?,
        [part, command @ ..] if part == "guard" => child::guard(command)?,
        _ => {
            let options = Options::parse(args.iter().cloned());
            let options = options.map_err(|problem| format!("{problem}\n{USAGE}"))?;
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            return Ok(LocalSet::new().block_on(&runtime, drill(&options)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn drill(options: &Options) -> ExitCode {
    let mut failed = false;
    for &kind in &options.proxies {
        let Some(version) = kind.version() else {
            println!("\n{} is not installed", kind.name());
            continue;
        };
        println!(
            "\n{version}\n{:<18}  {}  verdict",
            "phase",
            report::header()
        );
        let (mut passed, mut played) = (0, 0);
        for phase in PHASES.iter().filter(|phase| options.plays(phase.name)) {
            played += 1;
            match play(phase, kind, options).await {
                true => passed += 1,
                false => failed |= kind == Kind::Dial,
            }
        }
        println!("{}: {passed} of {played} phases passed", kind.name());
    }
    ExitCode::from(u8::from(failed))
}

/// Plays a phase, and prints its line; says whether it passed.
async fn play(phase: &Phase, kind: Kind, options: &Options) -> bool {
    if !phase.can_be_played(kind) {
        println!("{:<18}  not played: its hosts cannot change", phase.name);
        return false;
    }
    let record = phase.play(kind, options.pace).await;
    let faults = record.faults(&phase.goal, kind).join(", ");
    let verdict = match faults.as_str() {
        "" => "passed".to_owned(),
        faults => format!("FAILED: {faults}"),
    };
    println!("{:<18}  {}  {verdict}", phase.name, record.line());
    faults.is_empty()
}
