//! The proxies, each told to do the same as far as it can.

mod caddy;
mod dial;
mod haproxy;
mod nginx;

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use dial_tests::{ClosedPort, Scratch};
use tokio::time::{sleep, timeout};

use crate::child::{Child, Output, PATIENCE};

/// How long an endpoint is waited for, in connecting and for its head.
const ATTEMPT: Duration = Duration::from_secs(1);
/// How often a request is tried again.
const RETRIES: u32 = 2;
/// After how many failures one after the other an endpoint is out.
const FAILURES: u32 = 3;
/// For how long that is at first. Where it can be told apart, it is twice as long each time it has to be done again.
const EJECTION: Duration = Duration::from_secs(1);
/// How long an endpoint that is back takes to get its whole part, of a proxy that knows such a thing.
pub(crate) const SLOW_START: Duration = Duration::from_secs(2);
/// How often an endpoint is probed; in after two that did not fail.
const INTERVAL: Duration = Duration::from_millis(500);
/// What a busy machine, the jitter of probes, and the turns that an endpoint in slow start lets pass may add to that.
const SLACK: Duration = Duration::from_secs(2);
/// How long a request may wait while no endpoint is up.
const WAIT: Duration = Duration::from_secs(3);

/// A proxy that can be put under the drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Dial,
    Nginx,
    HaProxy,
    Caddy,
}

pub(crate) const KINDS: [(Kind, &str); 4] = [
    (Kind::Dial, "dial"),
    (Kind::Nginx, "nginx"),
    (Kind::HaProxy, "haproxy"),
    (Kind::Caddy, "caddy"),
];

/// What a proxy is told.
struct Setting<'a> {
    listen: SocketAddr,
    hosts: &'a [SocketAddr],
    /// For configuration and logs; of its own.
    folder: &'a Path,
    /// The file that its hosts are in, where they may change.
    list: Option<&'a Path>,
}

/// A proxy that listens; killed when dropped.
pub(crate) struct Proxy {
    pub(crate) addr: SocketAddr,
    child: Child,
    /// Nobody reads it, but it is there to be written to.
    _output: Output,
    /// Nobody else is given the port while it is held.
    _port: ClosedPort,
    folder: Scratch,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        let name = KINDS.iter().find(|(kind, _)| *kind == self);
        name.map_or("", |(_, name)| name)
    }

    /// Which one it is, in its own words; `None` where it is not installed.
    pub(crate) fn version(self) -> Option<String> {
        let arg = match self {
            Kind::Dial => return Some(dial::command().join(" ")),
            Kind::Caddy => "version",
            Kind::Nginx | Kind::HaProxy => "-v",
        };
        let output = Command::new(self.name()).arg(arg).output().ok()?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        text.lines().next().map(str::to_owned)
    }

    /// Whether its hosts can change while it runs, as it is configured here.
    pub(crate) fn learns_hosts(self) -> bool {
        self == Kind::Dial
    }

    /// Whether it has a slow start, as it is configured here.
    pub(crate) fn starts_slowly(self) -> bool {
        self == Kind::Dial
    }
}

/// How long an endpoint that was faulty for so long, and is well now, may go on without requests: until the last of its
/// ejections is over, and two probes have passed.
pub(crate) fn back_within(fault: Duration) -> Duration {
    let (mut ejection, mut over) = (EJECTION, EJECTION);
    while over < fault {
        ejection *= 2;
        over += ejection;
    }
    ejection + 2 * INTERVAL + SLACK
}

impl Proxy {
    /// Starts one in front of `hosts`, which come from a file if they are to change.
    pub(crate) async fn start(kind: Kind, hosts: &[SocketAddr], may_change: bool) -> Self {
        let port = ClosedPort::new();
        let folder = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let list = folder.path().join("hosts");
        write_hosts(&list, hosts);
        let setting = Setting {
            listen: port.addr(),
            hosts,
            folder: folder.path(),
            list: may_change.then_some(&list),
        };
        let mut command = match kind {
            Kind::Dial => dial::launch(&setting),
            Kind::Nginx => nginx::launch(&setting),
            Kind::HaProxy => haproxy::launch(&setting),
            Kind::Caddy => caddy::launch(&setting),
        };
        command.insert(0, "guard".to_owned());
        let log = File::create(folder.path().join("log")).expect("room for a log");
        let (child, output) = Child::start(&command, Some(log));
        let mut proxy = Self {
            addr: port.addr(),
            child,
            _output: output,
            _port: port,
            folder,
        };
        let listening = timeout(PATIENCE, async {
            while TcpStream::connect(proxy.addr).is_err() {
                proxy.assert_runs();
                sleep(Duration::from_millis(5)).await;
            }
        });
        assert!(listening.await.is_ok(), "{} does not listen", kind.name());
        proxy
    }

    /// Has the file say that these are the hosts.
    pub(crate) fn set_hosts(&self, hosts: &[SocketAddr]) {
        write_hosts(&self.folder.path().join("hosts"), hosts);
    }

    /// Panics with its last words when it has ended.
    pub(crate) fn assert_runs(&mut self) {
        if let Some(status) = self.child.ended() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            panic!("{status}: {log}");
        }
    }
}

/// Replaces the list at once, so that nobody reads half of it.
fn write_hosts(list: &Path, hosts: &[SocketAddr]) {
    let lines: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    let new = list.with_extension("new");
    fs::write(&new, lines.join("\n") + "\n").expect("room for a list of hosts");
    fs::rename(&new, list).expect("a file in the same folder");
}

/// Writes a configuration, and tells where it is.
fn write(setting: &Setting<'_>, name: &str, text: &str) -> String {
    let path = setting.folder.join(name);
    fs::write(&path, text).expect("room for a configuration");
    path.display().to_string()
}

fn each_host(setting: &Setting<'_>, line: impl Fn(usize, SocketAddr) -> String) -> String {
    let hosts = setting.hosts.iter().enumerate();
    hosts.map(|(number, host)| line(number, *host)).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
