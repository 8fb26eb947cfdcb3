//! dial in a process of its own: `tests/child`.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};

use dial_tests::wait::DEADLINE;
use dial_tests::within;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{self, Command};

/// A child that is listening; killed when dropped.
pub(crate) struct Child {
    pub(crate) addr: SocketAddr,
    process: process::Child,
}

impl Child {
    /// Starts one that proxies to `hosts`.
    pub(crate) async fn proxy(hosts: &str, options: &[&str]) -> Self {
        let hosts = format!("hosts={hosts}");
        let started = Self::start(command().arg(hosts).args(options)).await;
        started.unwrap_or_else(|why| panic!("the child failed: {why}"))
    }

    /// Starts one that reads its hosts from the environment; or says what it died of.
    pub(crate) async fn from_environment(hosts: Option<&str>) -> Result<Self, String> {
        let mut command = command();
        if let Some(hosts) = hosts {
            command.env("DIAL_CHILD_HOSTS", hosts);
        }
        Self::start(&mut command).await
    }

    async fn start(command: &mut Command) -> Result<Self, String> {
        let mut process = command.spawn().expect("the child was built");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let line = within(DEADLINE, lines.next_line()).await.expect("UTF-8");
        let addr = line
            .as_deref()
            .and_then(|line| line.strip_prefix("listening on "));
        if let Some(addr) = addr {
            let addr = addr.parse().expect("an address");
            return Ok(Self { addr, process });
        }
        let mut why = String::new();
        let mut stderr = process.stderr.take().expect("piped");
        within(DEADLINE, stderr.read_to_string(&mut why))
            .await
            .expect("UTF-8");
        let status = within(DEADLINE, process.wait()).await.expect("a child");
        assert!(!status.success(), "it ended in order: {why}");
        Err(why)
    }

    /// Sends a signal by its name: `TERM`, `INT`.
    #[cfg(unix)]
    pub(crate) async fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.id().to_string())
            .status();
        let status = within(DEADLINE, kill).await.expect("there is a kill");
        assert!(status.success(), "kill -{name}: {status}");
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        within(DEADLINE, self.process.wait())
            .await
            .expect("a child")
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id().expect("not waited for")
    }
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dial-child"));
    command
        .env_remove("DIAL_CHILD_HOSTS")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}
