//! One measurement: a fresh peer, one load, one outcome.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::check;
use crate::children::{Group, Launch, OWN};
use crate::load::{Mode, Outcome, Spec};
use crate::loads::{Load, Request};
use crate::peers::{Peer, Setting};
use crate::text::text;

const START: Duration = Duration::from_secs(10);

/// Where measurements take place.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) directory: PathBuf,
    pub(crate) cores: usize,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

/// Origins that run.
#[derive(Debug)]
pub(crate) struct Origins {
    group: Group,
    pub(crate) addrs: Vec<SocketAddr>,
    workers: usize,
}

impl Bench {
    /// For peers of so many workers: what is not theirs runs beside them where there are cores enough.
    pub(crate) fn origins(&self, count: usize, workers: usize) -> Result<Origins, String> {
        let directory = self.fresh("origin")?;
        let mut launch = Launch::new(OWN, &["origin", &count.to_string()]);
        launch.cores = self.others(workers);
        let mut group = launch.spawn(&directory, Stdio::piped)?;
        let mut line = String::new();
        let stdout = group.child.stdout.take().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut line).map_err(text)?;
        let addrs = serde_json::from_str(&line).map_err(|_| format!("origin: {}", group.log()))?;
        Ok(Origins {
            group,
            addrs,
            workers,
        })
    }

    /// Anything that is not as it should be is an error that tells whose.
    pub(crate) fn measure(
        &self,
        peer: &Peer,
        load: &Load,
        origins: &mut Origins,
    ) -> Result<Outcome, String> {
        let directory = self.fresh(peer.name)?;
        let outcome = self.try_measure(peer, load, origins, &directory);
        outcome.map_err(|error| {
            let noise = origins.group.log();
            let workers = origins.workers;
            let (peer, load) = (peer.name, load.name);
            format!("{peer}, {load}, workers {workers}: {error}\norigin: {noise}")
        })
    }

    fn try_measure(
        &self,
        peer: &Peer,
        load: &Load,
        origins: &mut Origins,
        directory: &Path,
    ) -> Result<Outcome, String> {
        let setting = Setting {
            listen: free_port()?,
            origins: &origins.addrs,
            workers: origins.workers,
            directory,
            routes: load.routes,
        };
        let mut launch = (peer.launch)(&setting)?;
        launch.cores = self.theirs(setting.workers);
        let mut group = launch.spawn(directory, Stdio::null)?;
        wait(&mut group, setting.listen)?;
        check_alike(&setting, load)?;
        if matches!(load.mode, Mode::Idle { .. }) {
            // What grows with the first requests does not count for connections.
            let mut warm = spec(load, &setting, &group, self);
            (warm.connections, warm.mode) = (64, Mode::Closed);
            self.drive(&warm, setting.workers)?;
        }
        let outcome = self.drive(&spec(load, &setting, &group, self), setting.workers);
        outcome.map_err(|error| format!("{error}\n{}", group.log()))
    }

    fn drive(&self, spec: &Spec, workers: usize) -> Result<Outcome, String> {
        let mut launch = Launch::new(OWN, &["load"]);
        launch.cores = self.others(workers);
        let mut group = launch.spawn(&self.fresh("load")?, Stdio::piped)?;
        let mut stdin = group.child.stdin.take().ok_or("no standard input")?;
        serde_json::to_writer(&mut stdin, spec).map_err(text)?;
        stdin.flush().map_err(text)?;
        drop(stdin);
        let mut line = String::new();
        let stdout = group.child.stdout.take().ok_or("no standard output")?;
        BufReader::new(stdout).read_line(&mut line).map_err(text)?;
        serde_json::from_str(&line).map_err(|_| group.log())
    }

    /// The first cores are the peer's when others are left.
    fn theirs(&self, workers: usize) -> Vec<usize> {
        match workers < self.cores {
            true => (0..workers).collect(),
            false => Vec::new(),
        }
    }

    fn others(&self, workers: usize) -> Vec<usize> {
        match workers < self.cores {
            true => (workers..self.cores).collect(),
            false => Vec::new(),
        }
    }

    fn fresh(&self, name: &str) -> Result<PathBuf, String> {
        let directory = self.directory.join(name);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).map_err(text)?;
        Ok(directory)
    }
}

fn spec(load: &Load, setting: &Setting<'_>, group: &Group, bench: &Bench) -> Spec {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Spec {
        target: setting.listen,
        group: group.id(),
        connections: load.connections,
        in_flight: load.in_flight,
        heads: load.request.heads(load.body),
        body: load.body,
        expect: load.expect,
        mode: load.mode,
        warm_up_ms: millis(bench.warm_up),
        window_ms: millis(bench.window),
    }
}

fn check_alike(setting: &Setting<'_>, load: &Load) -> Result<(), String> {
    let (peer, origins) = (setting.listen, setting.origins.len());
    match load.request {
        Request::Routes(_) if load.routes > 0 => {
            let fields = ["x-route", "x-user"];
            check::check(peer, origins, "/r0/users/a/posts/b", "/v2/r0/a/b", &fields)
        }
        _ => check::check(peer, origins, "/a/b%20c?d=e", "/a/b%20c?d=e", &[]),
    }
}

/// Until it takes connections.
fn wait(group: &mut Group, listen: SocketAddr) -> Result<(), String> {
    let end = Instant::now() + START;
    while TcpStream::connect(listen).is_err() {
        if let Some(how) = group.ended() {
            return Err(how);
        }
        if Instant::now() > end {
            return Err(format!("does not listen after {START:?}: {}", group.log()));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn free_port() -> Result<SocketAddr, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map_err(text)
}
