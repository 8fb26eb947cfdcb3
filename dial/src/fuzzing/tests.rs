//! Every seed, and every input that once failed, through its target.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The files of a folder, by name; none if there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    files
}

fn replay(name: &str, target: fn(&[u8])) {
    let seeds = files(&folder().join("seeds").join(name));
    assert!(seeds.len() >= 10, "{name} has {} seeds", seeds.len());
    for path in seeds
        .into_iter()
        .chain(files(&folder().join("regressions").join(name)))
    {
        let data = fs::read(&path).expect("an input");
        // Should it fail, this is what tells which one it was.
        println!("{}", path.display());
        target(&data);
    }
}

/// A test for each target, and the list of them.
macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name), super::$name);
            }
        )*

        const TARGETS: &[&str] = &[$(stringify!($name)),*];
    };
}

targets![
    chunked,
    forwarded,
    head,
    pattern,
    proxy,
    proxy_protocol,
    sanitise,
    target
];

#[test]
fn the_fuzzer_runs_the_same_targets() {
    let names = |folder: &str| -> BTreeSet<String> {
        let files = files(&self::folder().join(folder));
        let name = |path: &PathBuf| {
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned())
        };
        files.iter().filter_map(name).collect()
    };
    let targets: BTreeSet<_> = TARGETS.iter().map(ToString::to_string).collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("seeds"), targets);
    assert!(names("regressions").is_subset(&targets));
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).expect("a manifest");
    for name in TARGETS {
        let source = folder().join("fuzz_targets").join(format!("{name}.rs"));
        let source = fs::read_to_string(source).expect("a source");
        assert!(
            source.contains(&format!("dial::fuzzing::{name}(data)")),
            "{name}"
        );
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
