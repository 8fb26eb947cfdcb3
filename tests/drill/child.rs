//! This program again, as an endpoint or as the guard of a proxy: whichever way the drill ends, they end with it.

use std::env;
use std::fs::File;
use std::io::{self, Read as _};
use std::process::{Command as Blocking, ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child as Process, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long a child may take to start or to do what it is told, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A process group whose first process runs a part of this program; killed when dropped.
///
/// A child watches its standard input, which ends when this process does, also when that was killed.
pub(crate) struct Child {
    process: Process,
    stdin: ChildStdin,
}

pub(crate) type Output = Lines<BufReader<ChildStdout>>;

impl Child {
    /// Starts `PROGRAM args`, with standard error in `log`, or where that of this process goes.
    pub(crate) fn start(args: &[String], log: Option<File>) -> (Self, Output) {
        let program = env::current_exe().expect("a path to this program");
        let mut process = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log.map_or_else(Stdio::inherit, Stdio::from))
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{args:?}: {error}"));
        let stdin = process.stdin.take().expect("piped");
        let stdout = process.stdout.take().expect("piped");
        (Self { process, stdin }, BufReader::new(stdout).lines())
    }

    pub(crate) async fn tell(&mut self, order: &str) {
        let order = format!("{order}\n");
        let told = self.stdin.write_all(order.as_bytes()).await;
        told.unwrap_or_else(|error| panic!("a child does not listen: {error}"));
    }

    /// Kills its first process, and returns when nothing is left of that.
    pub(crate) async fn kill(mut self) {
        let killed = timeout(PATIENCE, self.process.kill()).await;
        killed.expect("a kill takes no time").expect("a child");
    }

    /// How it has ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("a child")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Not waited for yet, so that the id cannot be anybody else's.
        if let Some(id) = self.process.id() {
            kill_group(id);
        }
    }
}

/// Runs `command` until it ends, or until standard input does; then kills the group of this process, itself included.
pub(crate) fn guard(command: &[String]) -> io::Result<()> {
    let (program, args) = command.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Blocking::new(program)
        .args(args)
        .stdin(Stdio::null())
        .spawn()?;
    std::thread::spawn(|| {
        // Nobody writes: this waits for the end.
        let _ = io::stdin().read(&mut [0]);
        kill_group(std::process::id());
    });
    let status = child.wait()?;
    Err(io::Error::other(format!("{program}: {status}")))
}

fn kill_group(id: u32) {
    let _ = Blocking::new("kill")
        .args(["-KILL", "--", &format!("-{id}")])
        .stderr(Stdio::null())
        .status();
}
