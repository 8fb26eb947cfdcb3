//! The `gateway` example in front of an origin, and what it costs the system.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use tokio::process::Command;

use crate::process::Process;
use crate::tools::program;

const GATEWAY: &str = env!("CARGO_BIN_EXE_dial-gateway");

/// A gateway that listens; killed when dropped.
pub(crate) struct Gateway {
    pub(crate) addr: SocketAddr,
    process: Process,
}

/// What a process has and has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) files: usize,
    /// Resident memory, in KiB.
    pub(crate) memory: u64,
    /// Processor time, in hundredths of a second.
    pub(crate) cpu: u64,
}

impl Gateway {
    /// Starts one that proxies everything to `origin`.
    pub(crate) async fn to(origin: SocketAddr) -> Self {
        Self::start(program(GATEWAY), origin).await
    }

    /// One that learns from `source` where to proxy to.
    pub(crate) async fn discovering(source: &str) -> Self {
        let mut command = program(GATEWAY);
        command.args(["--listen", "127.0.0.1:0", "--discover", source]);
        let (process, addr) = Process::server("gateway", command).await;
        Self { addr, process }
    }

    /// One with a single worker, whose system calls strace writes into `log`, a line each. Its process is strace.
    pub(crate) async fn traced(origin: SocketAddr, log: &Path) -> Self {
        let mut command = program("strace");
        command.args(["-f", "-qq", "-e", "signal=none", "-s", "64", "-o"]);
        command.arg(log).args([GATEWAY, "--workers", "1"]);
        Self::start(command, origin).await
    }

    async fn start(mut command: Command, origin: SocketAddr) -> Self {
        command
            .args(["--listen", "127.0.0.1:0", "--hosts"])
            .arg(origin.to_string());
        let (process, addr) = Process::server("gateway", command).await;
        Self { addr, process }
    }

    /// Panics when it has ended.
    pub(crate) fn assert_runs(&mut self) {
        self.process.assert_runs();
    }

    /// How many connections it has open, to clients and to its origin.
    pub(crate) fn connections(&self) -> usize {
        let tcp = self.read("net/tcp");
        // The 4th column is the state, 0A if it listens; the 10th the number of the socket.
        let open: Vec<_> = tcp
            .lines()
            .filter_map(|line| {
                let columns: Vec<_> = line.split_whitespace().collect();
                let is_open = columns.get(3).is_some_and(|state| *state != "0A");
                let number = columns.get(9).filter(|_| is_open)?;
                Some(format!("socket:[{number}]"))
            })
            .collect();
        let files = self.files();
        files.iter().filter(|file| open.contains(file)).count()
    }

    pub(crate) fn usage(&self) -> Usage {
        let status = self.read("status");
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = memory.and_then(|line| line.split_whitespace().next());
        // Behind the name, which may have spaces: the state is the 3rd field, the times are the 14th and 15th.
        let stat = self.read("stat");
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let times = fields.split_whitespace().skip(11).take(2);
        Usage {
            files: self.files().len(),
            memory: memory.expect("a size").parse().expect("a number"),
            cpu: times
                .map(|ticks| ticks.parse::<u64>().expect("ticks"))
                .sum(),
        }
    }

    /// What its file descriptors are, such as `socket:[123]`.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.proc("fd")).expect("Linux");
        entries
            // One may have been closed by now.
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .map(|target| target.to_string_lossy().into_owned())
            .collect()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.proc(name)).expect("Linux")
    }

    fn proc(&self, name: &str) -> String {
        let id = self.process.id().expect("a gateway that runs");
        format!("/proc/{id}/{name}")
    }
}
