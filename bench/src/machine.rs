//! What the numbers were measured on.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::SystemTime;

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// One line.
pub(crate) fn describe() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown CPU", |(_, model)| model);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory: u64 = memory
        .split_ascii_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .unwrap_or_default();
    let cores = cores();
    let kernel = kernel.trim();
    format!(
        "{model}, {cores} cores, {} GiB, Linux {kernel}",
        memory >> 20
    )
}

/// Over 1, 5 and 15 minutes, this program's own included.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = load.split_ascii_whitespace().take(3).collect();
    averages.join(" ")
}

/// Of the peers that are built here.
pub(crate) fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    version.unwrap_or_else(|error| error.to_string())
}

/// 22 Nov 2026
pub(crate) fn date() -> String {
    let date = httpdate::fmt_http_date(SystemTime::now());
    date.get(5..16).unwrap_or_default().to_owned()
}
