//! dial: the `gateway` example, with those of its flags that it has.

use std::process::Command;
use std::sync::LazyLock;

use super::{ATTEMPT, FAILURES, INTERVAL, RETRIES, Setting};
use crate::endpoint::HEALTH;

pub(crate) const DISCOVER: &str = "--discover";

const GATEWAY: &str = env!("CARGO_BIN_EXE_dial-gateway");

/// What the gateway says about its use.
static USAGE: LazyLock<String> = LazyLock::new(|| {
    let output = Command::new(GATEWAY).arg("--help").output();
    let output = output.unwrap_or_else(|error| panic!("{GATEWAY}: {error}"));
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
});

pub(super) fn knows(flag: &str) -> bool {
    USAGE.split_whitespace().any(|word| word == flag)
}

/// The gateway, and what it is always told.
pub(super) fn command() -> Vec<String> {
    let flags = [
        ("--upstream-timeout", format!("{ATTEMPT:?}")),
        ("--retries", RETRIES.to_string()),
        ("--eject", FAILURES.to_string()),
        ("--health-path", HEALTH.to_owned()),
        ("--health-interval", format!("{INTERVAL:?}")),
    ];
    let known = flags.into_iter().filter(|(flag, _)| knows(flag));
    let known = known.flat_map(|(flag, value)| [flag.to_owned(), value]);
    std::iter::once("gateway".to_owned()).chain(known).collect()
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
        command.extend([DISCOVER.to_owned(), format!("file:{}", list.display())]);
    }
    command
}
