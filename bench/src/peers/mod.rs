//! The proxies, and how each is told to do the same.

mod caddy;
mod envoy;
mod haproxy;
mod nginx;
mod rust;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::children::Launch;

/// What a peer is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) listen: SocketAddr,
    pub(crate) origins: &'a [SocketAddr],
    pub(crate) workers: usize,
    /// Of its own, for configuration and logs.
    pub(crate) directory: &'a Path,
    /// Routes with parameters, each rewritten and given two fields more; 0 for one that takes everything as it is.
    pub(crate) routes: usize,
}

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// The package of this workspace that it is built from.
    pub(crate) package: Option<&'static str>,
    /// Whether it can be told to have many routes.
    pub(crate) has_routes: bool,
    pub(crate) launch: fn(&Setting<'_>) -> Result<Launch, String>,
    pub(crate) version: fn() -> Result<String, String>,
}

/// In the order of the tables. The first is what the others are compared with.
pub(crate) static ALL: [Peer; 8] = [
    nginx::PEER,
    rust::DIAL,
    haproxy::PEER,
    rust::BY_HAND,
    envoy::PEER,
    rust::AXUM_REVERSE_PROXY,
    rust::PINGORA,
    caddy::PEER,
];

pub(crate) use rust::build;

pub(crate) const BASE: &str = "nginx";

pub(crate) fn find(name: &str) -> Option<&'static Peer> {
    ALL.iter().find(|peer| peer.name == name)
}

fn write(setting: &Setting<'_>, name: &str, content: &str) -> Result<String, String> {
    let path = setting.directory.join(name);
    std::fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path.display().to_string())
}

/// The first line that `program` says of itself.
fn first_line(program: &str, args: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(args)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    // nginx uses standard error.
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let line = told.lines().find(|line| !line.trim().is_empty());
    line.map(|line| line.trim().to_owned())
        .ok_or(format!("{program} does not say its version"))
}

/// One line for each origin.
fn each_origin(setting: &Setting<'_>, line: impl Fn(usize, SocketAddr) -> String) -> String {
    let lines = setting.origins.iter().enumerate();
    lines.map(|(index, origin)| line(index, *origin)).collect()
}
