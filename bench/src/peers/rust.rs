//! dial, and the proxies of this workspace, which all have the gateway's flags.

use std::path::PathBuf;
use std::process::Command;

use super::{Peer, Setting, first_line};
use crate::children::Launch;

pub(super) const DIAL: Peer = Peer {
    name: "dial",
    package: Some("peer-dial"),
    has_routes: true,
    launch: |setting| match setting.routes {
        0 => launch("peer-dial", setting),
        routes => {
            let mut launch = launch("peer-dial-routes", setting)?;
            launch
                .args
                .extend(["--routes".to_owned(), routes.to_string()]);
            Ok(launch)
        }
    },
    version: || {
        let args = [
            "-C",
            env!("CARGO_MANIFEST_DIR"),
            "describe",
            "--always",
            "--dirty",
        ];
        let commit = first_line("git", &args).unwrap_or_else(|_| "unknown commit".to_owned());
        Ok(format!("{}, {commit}", locked("dial")?))
    },
};

pub(super) const BY_HAND: Peer = Peer {
    name: "by-hand",
    package: Some("peer-by-hand"),
    has_routes: false,
    launch: |setting| launch("peer-by-hand", setting),
    version: || Ok(format!("{}, {}", locked("hyper")?, locked("hyper-util")?)),
};

pub(super) const AXUM_REVERSE_PROXY: Peer = Peer {
    name: "axum-reverse-proxy",
    package: Some("peer-axum-reverse-proxy"),
    has_routes: false,
    launch: |setting| launch("peer-axum-reverse-proxy", setting),
    version: || locked("axum-reverse-proxy"),
};

pub(super) const PINGORA: Peer = Peer {
    name: "pingora",
    package: Some("peer-pingora"),
    has_routes: false,
    launch: |setting| launch("peer-pingora", setting),
    version: || locked("pingora"),
};

fn launch(binary: &str, setting: &Setting<'_>) -> Result<Launch, String> {
    let hosts: Vec<String> = setting.origins.iter().map(ToString::to_string).collect();
    let listen = setting.listen.to_string();
    let workers = setting.workers.to_string();
    let hosts = hosts.join(",");
    let args = [
        "--listen",
        &listen,
        "--hosts",
        &hosts,
        "--workers",
        &workers,
    ];
    Ok(Launch::new(beside(binary)?, &args))
}

/// Builds packages of this workspace, like this program itself; each on its own, so that no dependency has features
/// that another one's dependent asked for.
pub(crate) fn build(packages: &[&str]) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for package in packages {
        let status = Command::new(&cargo)
            .args(["build", "--release", "--locked", "-p", package])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("building {package}: {status}")),
            Err(error) => return Err(format!("cargo: {error}")),
        }
    }
    Ok(())
}

/// A program in the directory of this one.
fn beside(name: &str) -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let path = own.with_file_name(name);
    match path.exists()
        && own
            .parent()
            .is_some_and(|parent| parent.ends_with("release"))
    {
        true => Ok(path),
        false => Err(format!(
            "{} is not there; run this with `cargo run --release`",
            path.display()
        )),
    }
}

/// The version of a package that is built here.
fn locked(package: &str) -> Result<String, String> {
    let lock = include_str!("../../Cargo.lock");
    let name = format!("name = \"{package}\"\nversion = \"");
    let version = lock
        .split_once(&name)
        .and_then(|(_, rest)| rest.split_once('"'));
    match version {
        Some((version, _)) => Ok(format!("{package} {version}")),
        None => Err(format!("{package} is not in Cargo.lock")),
    }
}
