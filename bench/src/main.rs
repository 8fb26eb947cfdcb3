//! Compares dial's gateway with other proxies; README.md tells how.

mod check;
mod children;
mod cli;
mod load;
mod loads;
mod machine;
mod measure;
mod origin;
mod peers;
mod report;
mod rounds;
mod stats;
mod text;
mod usage;
mod wire;

use std::process::ExitCode;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let done = match args.first().map(String::as_str) {
        Some("exec") => children::exec(&args[1..]),
        Some("origin") => origin::run(args.get(1)),
        Some("load") => load::generate(),
        Some("--help" | "-h") => {
            println!("{}", cli::USAGE);
            Ok(())
        }
        _ => descriptors()
            .and_then(|()| cli::Options::parse(args))
            .and_then(rounds::run),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// As many as may be, for this process and all that it starts.
fn descriptors() -> Result<(), String> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|error| error.to_string())?;
    match hard < 12_000 {
        true => Err(format!("12,000 file descriptors are needed, not {hard}")),
        false => setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(|error| error.to_string()),
    }
}
