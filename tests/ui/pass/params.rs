//! Path parameters become typed arguments, whatever their order.
use dial::{ModifiableRequest, proxy};
use std::fmt;
use std::str::FromStr;

#[derive(Debug, PartialEq)]
struct Version(u8);

#[derive(Debug)]
struct NoVersion;

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a version is `v` and a number")
    }
}

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let digits = text.strip_prefix('v').ok_or(NoVersion)?;
        digits.parse().map(Version).map_err(|_| NoVersion)
    }
}

#[proxy("/{version}/users/{id}/{*rest}", hosts = ["b"])]
fn user(
    mut request: ModifiableRequest,
    mut id: u64,
    rest: String,
    version: Version,
) -> dial::Result {
    id += 1;
    request.rewrite_uri(format!("/{}/{id}/{rest}", version.0));
    request.build()
}

fn main() {
    assert_eq!(user::PATH, "/{version}/users/{id}/{*rest}");
    let outbound = user(ModifiableRequest::get("/"), 7, "a/b".into(), Version(2)).unwrap();
    assert_eq!(outbound.uri(), "/2/8/a/b");
}
