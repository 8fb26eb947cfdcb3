//! What `#[proxy]` accepts, and what it says about the rest.
//!
//! `TRYBUILD=overwrite cargo test --test ui` writes the `.stderr` files anew.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}

/// trybuild knows only the edition of this package, so the compiler is called directly.
#[test]
fn editions() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/pass/editions.rs");
    let libraries = libraries();
    for edition in ["2018", "2021", "2024"] {
        let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition", edition, "--crate-type=bin", "--emit=metadata"])
            .arg("--extern")
            .arg(format!("dial={}", dial(&libraries).display()))
            .arg("-L")
            .arg(format!("dependency={}", libraries.display()))
            .arg("--out-dir")
            .arg(env!("CARGO_TARGET_TMPDIR"))
            .arg(&source)
            .output()
            .expect("rustc starts");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "edition {edition}:\n{message}");
    }
}

/// Where Cargo put what this test was linked from: beside the test.
fn libraries() -> PathBuf {
    let test = std::env::current_exe().expect("the test has a path");
    test.parent().expect("the test is in a folder").to_owned()
}

/// The library of dial that was built last, for older builds stay where they were.
fn dial(libraries: &Path) -> PathBuf {
    let built = |path: &PathBuf| {
        let metadata = path.metadata().and_then(|metadata| metadata.modified());
        metadata.unwrap_or(SystemTime::UNIX_EPOCH)
    };
    std::fs::read_dir(libraries)
        .expect("the folder can be read")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            name.starts_with("libdial-") && path.extension().is_some_and(|ext| ext == "rlib")
        })
        .max_by_key(built)
        .expect("dial is built before its tests")
}
