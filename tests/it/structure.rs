//! The order of dial's modules, and other promises about its sources.
//!
//! Nothing here knows Rust's grammar: a scan for paths outside of comments, strings and tests is enough, because paths
//! into another module are written `crate::module` (or `super::`, which is followed to the crate's root).

mod scan;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scan::{code, paths, without_tests};

/// Left never imports right; those in one place do not import one another, but for [`NEIGHBOURS`].
const ORDER: [&[&str]; 12] = [
    &["error"],
    &["fields", "patience", "relay"],
    &["tunnel"],
    &["body"],
    &["config"],
    &[
        "route",
        "handler",
        "upstream",
        "tls",
        "h1",
        "proxy_protocol",
    ],
    &["client"],
    &["probe"],
    &["proxy", "discover"],
    &["server"],
    &["builder"],
    &["lib"],
];

/// Who may import whom in its own place: a handler sees the parameters of its route and the addresses it may rewrite to.
const NEIGHBOURS: [(&str, &str); 2] = [("handler", "route"), ("handler", "upstream")];

/// The only files that name TLS: where a connection begins, in either direction, and where its options are given.
const TLS: [&str; 8] = [
    "client/connect.rs",
    "client/stream.rs",
    "server/listener.rs",
    "builder/defaults.rs",
    "builder/mount.rs",
    "discover/etcd/mod.rs",
    "proxy/rate/store.rs",
    "lib.rs",
];

/// A page that is longer is two ideas.
const LONGEST: usize = 450;

/// One file, without its tests.
struct Source {
    /// Below `src`, such as `client/pool.rs`.
    path: String,
    /// Without comments and strings; line by line as in the file.
    code: String,
    lines: usize,
}

impl Source {
    /// The module right below the crate's root, or `lib`.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.trim_end_matches(".rs")
    }

    /// The modules around what the file holds, from the root: `["client", "pool"]`.
    fn enclosing(&self) -> Vec<&str> {
        let path = self.path.trim_end_matches(".rs");
        let path = path.trim_end_matches("/mod").trim_end_matches("lib");
        path.split('/').filter(|part| !part.is_empty()).collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All sources of a crate, tests left out, and what the fuzzer runs: that is a test too.
fn sources(krate: &str) -> Vec<Source> {
    let src = root().join(krate).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().unwrap_or_default();
            if name == "tests" || name == "fuzzing" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source");
                let code = code(&text);
                let kept = without_tests(&code);
                let below = path.strip_prefix(&src).expect("below src");
                sources.push(Source {
                    path: below.to_string_lossy().replace('\\', "/"),
                    lines: kept.iter().filter(|kept| **kept).count(),
                    code: scan::only(&code, &kept),
                });
            }
        }
    }
    assert!(!sources.is_empty(), "no sources in {}", src.display());
    sources
}

/// What the root re-exports, and the module it is from: `crate::Body` is as good as `crate::body::Body`.
fn exports(sources: &[Source]) -> BTreeMap<String, String> {
    let lib = sources.iter().find(|source| source.path == "lib.rs");
    let lib = &lib.expect("a root").code;
    let mut exports = BTreeMap::new();
    for statement in lib.split(';') {
        let Some((_, path)) = statement.split_once("pub use self::") else {
            continue;
        };
        let (module, names) = path.split_once("::").expect("a module and names");
        let words = names.split(|c: char| !c.is_alphanumeric() && c != '_');
        for name in words.filter(|name| !name.is_empty()) {
            exports.insert(name.to_owned(), module.to_owned());
        }
    }
    exports
}

/// Which modules a source names, with the line.
fn imports(source: &Source, exports: &BTreeMap<String, String>) -> Vec<(usize, String)> {
    let found = paths(&source.code, &source.enclosing());
    // `proxy` is both a module and an export.
    let module = |name: String| match exports.get(&name) {
        Some(module) if place(&name).is_none() => module.clone(),
        _ => name,
    };
    found
        .into_iter()
        .map(|(line, name)| (line, module(name)))
        .collect()
}

fn place(module: &str) -> Option<usize> {
    ORDER.iter().position(|place| place.contains(&module))
}

#[test]
fn left_never_imports_right() {
    let sources = sources("dial");
    let exports = exports(&sources);
    let named = |module: &&str| sources.iter().any(|source| source.module() == *module);
    let mut faults: Vec<_> = (ORDER.iter().copied().flatten().copied())
        .filter(|module| !named(module))
        .map(|module| format!("`{module}` is in the order, and nowhere else"))
        .collect();
    for source in &sources {
        let from = source.module();
        let Some(own) = place(from) else {
            faults.push(format!(
                "{}: `{from}` has no place in the order",
                source.path
            ));
            continue;
        };
        for (line, to) in imports(source, &exports) {
            let allowed = to == from || NEIGHBOURS.contains(&(from, &to));
            let Some(other) = place(&to) else {
                faults.push(format!(
                    "{}:{line}: `{to}` has no place in the order",
                    source.path
                ));
                continue;
            };
            if other >= own && !allowed {
                faults.push(format!("{}:{line}: `{from}` imports `{to}`", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn tls_is_named_at_the_edges_only() {
    let sources = sources("dial");
    let exports = exports(&sources);
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.module() != "tls") {
        let named = imports(source, &exports).iter().any(|(_, to)| to == "tls");
        let rustls = source.code.contains("rustls::");
        if rustls || (named && !TLS.contains(&source.path.as_str())) {
            faults.push(&source.path);
        }
    }
    assert!(faults.is_empty(), "{faults:?} name TLS");
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for krate in ["dial", "dial-macros"] {
        for source in sources(krate) {
            let path = format!("{krate}/src/{}", source.path);
            if source.lines > LONGEST {
                long.push(format!("{path}: {} lines", source.lines));
            }
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// `forbid` in the workspace's table, and every member subject to it: no `allow` can undo that.
#[test]
fn no_unsafe_code() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("a manifest");
    let workspace = read("Cargo.toml");
    let lints = section(&workspace, "[workspace.lints.rust]");
    assert!(lints.contains(&"unsafe_code = \"forbid\""), "{lints:?}");
    let members = workspace
        .lines()
        .find_map(|line| line.strip_prefix("members = "));
    let members = members
        .expect("a list of members")
        .split('"')
        .skip(1)
        .step_by(2);
    for member in members {
        let manifest = read(&format!("{member}/Cargo.toml"));
        let lints = section(&manifest, "[lints]");
        assert!(lints.contains(&"workspace = true"), "{member}: {lints:?}");
    }
}

/// The lines of one table of a manifest.
fn section<'a>(manifest: &'a str, header: &str) -> Vec<&'a str> {
    let lines = manifest.lines().skip_while(|line| *line != header).skip(1);
    lines.take_while(|line| !line.starts_with('[')).collect()
}
