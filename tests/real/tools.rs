//! The programs that tests run, and where those are that no package of the system brings.

use std::path::{Path, PathBuf};

use dial_tests::Scratch;
use tokio::process::Command;

/// A script of `tests/real/scripts`, with the interpreter that its name asks for.
pub(crate) fn script(name: &str) -> Command {
    let installed = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("real-services");
    assert!(
        installed.join("complete").exists(),
        "tests/real/install has not run for {}",
        installed.display()
    );
    let python = installed.join("venv/bin/python3");
    let interpreter = match Path::new(name).extension().and_then(|kind| kind.to_str()) {
        Some("py") => python.to_str().expect("a path in UTF-8"),
        Some("js") => "node",
        Some("sh") => "bash",
        _ => panic!("no interpreter for {name}"),
    };
    let mut command = program(interpreter);
    command
        .arg(scripts().join(name))
        .env("NODE_PATH", installed.join("node_modules"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A program that may open as many files as the system lets it, and asks no proxy but ours.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"ulimit -S -n "$(ulimit -H -n)"; exec "$@""#, "sh"])
        .arg(name)
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    command
}

pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("real/scripts")
}

/// An empty folder, removed when dropped.
pub(crate) fn scratch() -> Scratch {
    Scratch::new(env!("CARGO_TARGET_TMPDIR"))
}
