//! What this proxy is called in Via (RFC 9110 §7.6.3).

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use http::{HeaderValue, Version};

use crate::error::Error;
use crate::fields::is_token;

/// What the Via field calls this proxy, in the requests and the responses it forwards. A request whose Via has the name
/// already went round in a circle, and is answered with 508.
///
/// ```
/// use dial::{Router, Via};
///
/// let router = Router::new().via(Via::named("edge-1")?);
/// assert!(Via::named("edge 1").is_err());
/// # Ok::<(), dial::Error>(())
/// ```
///
/// Some endpoints act on it: nginx compresses nothing for a request with Via unless `gzip_proxied` says so.
///
/// The default is `dial-` and 8 hex digits, drawn when the routes are wired. All routes of a [`Router`](crate::Router) share
/// them, and every service that is mounted elsewhere has its own: one dial in front of another is no circle.
#[derive(Clone, Debug, Default)]
pub struct Via(Choice);

#[derive(Clone, Debug, Default)]
enum Choice {
    #[default]
    Drawn,
    Named(Pseudonym),
    Off,
}

impl Via {
    /// A name of your own: a token (RFC 9110 §5.6.2) such as `edge`, or a host's name with or without a port. Instances
    /// that stand one behind the other need different ones.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for anything else.
    pub fn named(name: &str) -> Result<Self, Error> {
        Pseudonym::new(name).map(|pseudonym| Self(Choice::Named(pseudonym)))
    }

    /// No Via is sent, and no circle noticed. What RFC 9110 §7.6.3 demands of a proxy is then not met.
    #[must_use]
    pub fn off() -> Self {
        Self(Choice::Off)
    }

    /// The same with its name drawn, so that all who take it from here share one.
    pub(crate) fn drawn(self) -> Self {
        match self.0 {
            Choice::Drawn => Self(Choice::Named(Pseudonym::random())),
            _ => self,
        }
    }

    /// The name, which is drawn now unless it was before.
    pub(crate) fn pseudonym(&self) -> Option<Pseudonym> {
        match &self.0 {
            Choice::Drawn => Some(Pseudonym::random()),
            Choice::Named(pseudonym) => Some(pseudonym.clone()),
            Choice::Off => None,
        }
    }
}

/// A name, and what Via says with it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pseudonym {
    name: Arc<str>,
    http_2: HeaderValue,
    http_11: HeaderValue,
    http_10: HeaderValue,
}

impl Pseudonym {
    /// The `received-by` of what was received here.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The element for a message that came with `version`.
    pub(crate) fn element(&self, version: Version) -> &HeaderValue {
        match version {
            Version::HTTP_10 => &self.http_10,
            Version::HTTP_2 => &self.http_2,
            _ => &self.http_11,
        }
    }
}

impl Pseudonym {
    fn new(name: &str) -> Result<Self, Error> {
        if !is_received_by(name) {
            let what = format!(
                "`{}` cannot be a name in Via: it is a token, with or without a port",
                name.escape_debug()
            );
            return Err(Error::config(what));
        }
        let value = |version: &str| {
            let value = HeaderValue::try_from(format!("{version} {name}"));
            value.map_err(|source| Error::config("bad name for Via").with_source(source))
        };
        Ok(Self {
            name: name.into(),
            http_2: value("2.0")?,
            http_11: value("1.1")?,
            http_10: value("1.0")?,
        })
    }

    /// Random enough that two proxies in a row differ, which is all that it is for.
    fn random() -> Self {
        let random = RandomState::new().build_hasher().finish();
        let name = format!("dial-{:08x}", random & 0xffff_ffff);
        Self::new(&name).expect("letters, digits and a hyphen are a token")
    }
}

/// `pseudonym [ ":" port ]`
fn is_received_by(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let is_port = |port: &str| {
        // `parse` alone would take a sign.
        port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port != 0)
    };
    is_token(name.as_bytes()) && port.is_none_or(is_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tokens_with_or_without_a_port() {
        for name in [
            "edge",
            "a",
            "edge.example:8080",
            "10.0.0.1",
            "v!#$%&'*+-.^_`|~",
        ] {
            let via = Via::named(name).unwrap();
            let pseudonym = via.drawn().pseudonym().unwrap();
            assert_eq!(pseudonym.name(), name);
            let element = |version| pseudonym.element(version).to_str().unwrap().to_owned();
            assert_eq!(element(Version::HTTP_11), format!("1.1 {name}"));
            assert_eq!(element(Version::HTTP_10), format!("1.0 {name}"));
        }
        let bad = [
            "",
            " ",
            "a b",
            "a,b",
            "a(b)",
            "ü",
            "a\r\nb: c",
            "a\0",
            ":80",
            "a:",
            "a:0",
            "a:+1",
            "a:65536",
            "a:b",
            "a:1:2",
            "[::1]",
            "http://a",
            "a/b",
            "a@b",
            "\"a\"",
        ];
        for name in bad {
            let error = Via::named(name).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Config, "{name:?}");
        }
    }

    #[test]
    fn the_default_is_drawn_once() {
        let name = |via: &Via| via.pseudonym().unwrap().name().to_owned();
        let drawn = Via::default().drawn();
        let digits = name(&drawn);
        let digits = digits.strip_prefix("dial-").unwrap();
        assert_eq!(digits.len(), 8);
        assert!(
            digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
        assert_eq!(name(&drawn.clone().drawn()), name(&drawn));

        // Not one name for all: 32 draws are the same only in a broken random source.
        let mut names: Vec<_> = (0..32).map(|_| name(&Via::default().drawn())).collect();
        names.sort();
        names.dedup();
        assert!(names.len() > 1);
        assert!(Via::off().drawn().pseudonym().is_none());
    }
}
