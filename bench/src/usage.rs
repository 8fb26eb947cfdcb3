//! What a peer has used: all processes of its group, so that nginx's workers count.

use std::fs;
use std::path::Path;

use nix::time::ClockId;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::text::text;

/// Since the processes began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cpu {
    /// User and system time of all threads, also of those that have ended, in nanoseconds.
    pub(crate) nanos: u64,
    /// In clock ticks; good for the proportion only.
    pub(crate) user: u64,
    pub(crate) system: u64,
    /// Context switches of the threads that live.
    pub(crate) voluntary: u64,
    pub(crate) involuntary: u64,
}

impl Cpu {
    pub(crate) fn of(group: i32) -> Result<Self, String> {
        let mut all = Self::default();
        for process in processes(group)? {
            let told = clock(process.id)?;
            all.nanos += told;
            all.user += process.user;
            all.system += process.system;
            let tasks = fs::read_dir(format!("/proc/{}/task", process.id));
            for task in tasks.map_err(text)?.flatten() {
                // One that ends meanwhile has no more to say.
                let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
                all.voluntary += field(&status, "voluntary_ctxt_switches:");
                all.involuntary += field(&status, "nonvoluntary_ctxt_switches:");
            }
        }
        Ok(all)
    }

    /// What was used between an earlier sample and this one.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            nanos: self.nanos.saturating_sub(earlier.nanos),
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
        }
    }
}

/// In KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Each process's highest resident set; pages that processes share count once for each.
    pub(crate) peak: u64,
    /// Resident now; shared pages count once for each.
    pub(crate) rss: u64,
    /// Resident now; shared pages are divided among those that share them.
    pub(crate) pss: u64,
}

impl Memory {
    pub(crate) fn of(group: i32) -> Result<Self, String> {
        let mut all = Self::default();
        for process in processes(group)? {
            let directory = format!("/proc/{}", process.id);
            let read = |name: &str| fs::read_to_string(Path::new(&directory).join(name));
            let status = read("status").map_err(text)?;
            all.peak += field(&status, "VmHWM:");
            all.rss += field(&status, "VmRSS:");
            all.pss += field(&read("smaps_rollup").map_err(text)?, "Pss:");
        }
        Ok(all)
    }
}

struct Process {
    id: i32,
    user: u64,
    system: u64,
}

fn processes(group: i32) -> Result<Vec<Process>, String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").map_err(text)?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|id| id.parse().ok()) else {
            continue;
        };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let Some((of, user, system)) = parse_stat(&stat) else {
            continue;
        };
        if of == group {
            found.push(Process { id, user, system });
        }
    }
    match found.is_empty() {
        true => Err("it has ended".to_owned()),
        false => Ok(found),
    }
}

/// Process group, user and system ticks (`proc_pid_stat(5)`: fields 5, 14 and 15).
fn parse_stat(stat: &str) -> Option<(i32, u64, u64)> {
    // The name before it may hold anything, parentheses too.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(2);
    let group = fields.next()?.parse().ok()?;
    let mut fields = fields.skip(8);
    let user = fields.next()?.parse().ok()?;
    Some((group, user, fields.next()?.parse().ok()?))
}

/// The CPU time clock of a process: nanoseconds, and threads that have ended are in it.
fn clock(process: i32) -> Result<u64, String> {
    let time = ClockId::pid_cpu_clock_id(Pid::from_raw(process))
        .and_then(ClockId::now)
        .map_err(text)?;
    let nanos = time.tv_sec() * 1_000_000_000 + time.tv_nsec();
    u64::try_from(nanos).map_err(text)
}

fn field(lines: &str, name: &str) -> u64 {
    let value = lines.lines().find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.split_ascii_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat() {
        let line = "7 (a) b) S 1 42 7 0 -1 4194560 1 2 3 4 150 60 0 0 20 0 1 0 5 6 7";
        assert_eq!(parse_stat(line), Some((42, 150, 60)));
        assert_eq!(parse_stat("7 (a) S 1"), None);
    }

    #[test]
    fn this_process() {
        let group = nix::unistd::getpgrp().as_raw();
        let memory = Memory::of(group).unwrap();
        assert!(memory.peak >= memory.rss && memory.rss >= memory.pss && memory.pss > 0);
        let before = Cpu::of(group).unwrap();
        let mut sum = 0_u64;
        for number in 0..5_000_000_u64 {
            sum = std::hint::black_box(sum.wrapping_add(number));
        }
        assert!(Cpu::of(group).unwrap().since(&before).nanos > 100_000);
        assert!(Cpu::of(i32::MAX).is_err());
    }

    #[test]
    fn fields() {
        let status =
            "VmHWM:\t  123 kB\nnonvoluntary_ctxt_switches:\t7\nvoluntary_ctxt_switches:\t8";
        assert_eq!(field(status, "VmHWM:"), 123);
        assert_eq!(field(status, "voluntary_ctxt_switches:"), 8);
        assert_eq!(field(status, "absent:"), 0);
    }
}
