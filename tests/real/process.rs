//! Other programs: started, listened to, and ended by their id, also when a test panics.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use dial_tests::within;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long a program may take until it listens: an interpreter on a busy machine is slow to start.
const START: Duration = Duration::from_mins(1);

/// A program with a process group of its own, killed when dropped with all that it started.
pub(crate) struct Process {
    name: String,
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a program. What it says on its standard error is shown as it is.
    pub(crate) fn start(name: &str, mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let stdout = child.stdout.take().expect("piped");
        Self {
            name: name.to_owned(),
            child,
            stdout: BufReader::new(stdout).lines(),
        }
    }

    /// Starts a server that says `listening on ADDR`, and waits until it does.
    pub(crate) async fn server(name: &str, command: Command) -> (Self, SocketAddr) {
        let mut server = Self::start(name, command);
        let line = within(START, server.stdout.next_line()).await;
        let line = line.expect("UTF-8").unwrap_or_default();
        let addr = line.strip_prefix("listening on ");
        let addr = addr.unwrap_or_else(|| panic!("{name} does not listen: `{line}`"));
        (server, addr.parse().expect("an address"))
    }

    /// Runs a script to its end. Each line of it is shown, and then told to `heard`.
    pub(crate) async fn script(
        name: &str,
        command: Command,
        deadline: Duration,
        mut heard: impl FnMut(&str),
    ) {
        let mut script = Self::start(name, command);
        let all = async {
            while let Some(line) = script.stdout.next_line().await.expect("UTF-8") {
                show(name, &line);
                heard(&line);
            }
            script.child.wait().await.expect("a child")
        };
        let status = within(deadline, all).await;
        assert!(status.success(), "{name}: {status}");
    }

    /// Its process; `None` when it has ended.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Panics when it has ended by itself.
    pub(crate) fn assert_runs(&mut self) {
        let ended = self.child.try_wait().expect("a child");
        assert!(ended.is_none(), "{}: {ended:?}", self.name);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Not waited for yet, so that the id cannot be anybody else's.
        if let Some(id) = self.child.id() {
            let _ = std::process::Command::new("kill")
                .args(["-KILL", "--", &format!("-{id}")])
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// Prints a line at once, and whether or not the test fails: a harness would only show those of failures.
pub(crate) fn show(name: &str, line: &str) {
    let _ = writeln!(std::io::stderr(), "{name}: {line}");
}
