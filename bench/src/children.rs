//! Processes that end with this one, whichever way it ends.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::text::text;

/// This program, also when it was built anew meanwhile.
pub(crate) const OWN: &str = "/proc/self/exe";

/// The groups of all that run.
static GROUPS: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// What to run, and where.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) envs: Vec<(&'static str, String)>,
    /// The cores it may use; empty for all.
    pub(crate) cores: Vec<usize>,
    /// It has processes of its own, which it ends when it is asked to, but not when it is killed.
    pub(crate) is_parent: bool,
}

/// A process group of its own, killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) child: Child,
    log: PathBuf,
}

impl Launch {
    pub(crate) fn new(program: impl Into<PathBuf>, args: &[&str]) -> Self {
        Self {
            program: program.into(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            envs: Vec::new(),
            cores: Vec::new(),
            is_parent: false,
        }
    }

    /// Through this program's own `exec`, with standard error in a file of `directory`.
    pub(crate) fn spawn(&self, directory: &Path, streams: fn() -> Stdio) -> Result<Group, String> {
        let log = directory.join("stderr.log");
        let name = self.program.display();
        let cores: Vec<String> = self.cores.iter().map(usize::to_string).collect();
        let child = Command::new(OWN)
            .args(["exec", &cores.join(","), &self.is_parent.to_string()])
            .arg(&self.program)
            .args(&self.args)
            .envs(self.envs.iter().cloned())
            .stdin(streams())
            .stdout(streams())
            .stderr(File::create(&log).map_err(text)?)
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{name}: {error}"))?;
        let group = Group { child, log };
        groups().push(group.id());
        Ok(group)
    }
}

impl Group {
    /// Also that of the first process.
    pub(crate) fn id(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// What it wrote to standard error, at most its end.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let end = log.len().saturating_sub(2000);
        String::from_utf8_lossy(&log[end..]).trim().to_owned()
    }

    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("{}: {}", how(status), self.log()))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.id();
        // It is gone already when it has ended by itself.
        let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        let _ = self.child.wait();
        groups().retain(|group| *group != id);
    }
}

/// Ends all that runs, and removes `directory`, when somebody wants this program to end.
pub(crate) fn end_on_signals(directory: PathBuf) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            for group in groups().iter() {
                let _ = killpg(Pid::from_raw(*group), Signal::SIGKILL);
            }
            let _ = std::fs::remove_dir_all(&directory);
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

/// The other side of [`Launch::spawn`]: becomes the program, and dies with the process that has started it.
pub(crate) fn exec(args: &[String]) -> Result<(), String> {
    let [cores, is_parent, program, args @ ..] = args else {
        return Err("exec CORES IS_PARENT PROGRAM ..".to_owned());
    };
    // A parent that is killed leaves its own behind; asked, it ends them.
    let signal = match is_parent == "true" {
        true => Signal::SIGTERM,
        false => Signal::SIGKILL,
    };
    set_pdeathsig(signal).map_err(text)?;
    if !cores.is_empty() {
        let mut set = CpuSet::new();
        for core in cores.split(',') {
            set.set(core.parse().map_err(text)?).map_err(text)?;
        }
        sched_setaffinity(Pid::from_raw(0), &set).map_err(text)?;
    }
    let error = Command::new(program).args(args).exec();
    Err(format!("{program}: {error}"))
}

fn groups() -> std::sync::MutexGuard<'static, Vec<i32>> {
    GROUPS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn how(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("killed by signal {signal}"),
        None => format!("ended with {}", status.code().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_group_is_killed() {
        let child = Command::new("sleep")
            .arg("60")
            .process_group(0)
            .spawn()
            .unwrap();
        let group = Group {
            child,
            log: PathBuf::new(),
        };
        let id = group.id();
        assert!(killpg(Pid::from_raw(id), None).is_ok());
        drop(group);
        assert!(killpg(Pid::from_raw(id), None).is_err());
    }
}
