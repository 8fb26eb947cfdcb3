//! dial: the `gateway` example. A flag that it has no more ends it, and so the drill.

use super::{ATTEMPT, EJECTION, FAILURES, INTERVAL, RETRIES, SLOW_START, Setting};
use crate::endpoint::HEALTH;

const GATEWAY: &str = env!("CARGO_BIN_EXE_dial-gateway");

/// The gateway, and what it is always told.
pub(super) fn command() -> Vec<String> {
    let flags = [
        ("--upstream-timeout", format!("{ATTEMPT:?}")),
        ("--retries", RETRIES.to_string()),
        ("--eject", FAILURES.to_string()),
        ("--eject-time", format!("{EJECTION:?}")),
        ("--slow-start", format!("{SLOW_START:?}")),
        ("--health-path", HEALTH.to_owned()),
        ("--health-interval", format!("{INTERVAL:?}")),
    ];
    let flags = flags.into_iter();
    let flags = flags.flat_map(|(flag, value)| [flag.to_owned(), value]);
    std::iter::once("gateway".to_owned()).chain(flags).collect()
}

pub(super) fn launch(setting: &Setting<'_>) -> Vec<String> {
    let mut command = command();
    GATEWAY.clone_into(&mut command[0]);
    let hosts: Vec<_> = setting.hosts.iter().map(ToString::to_string).collect();
    let listen = setting.listen.to_string();
    for (flag, value) in [("--listen", listen), ("--hosts", hosts.join(","))] {
        command.extend([flag.to_owned(), value]);
    }
    // The hosts are what they are at first.
    if let Some(list) = setting.list {
        command.extend(["--discover".to_owned(), format!("file:{}", list.display())]);
    }
    command
}
