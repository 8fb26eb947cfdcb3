//! Clients that stay with their host: by a cookie that names it.

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use super::endpoint::Endpoint;
use super::member::Member;
use crate::error::Error;

/// The shortest key.
#[cfg(feature = "sticky")]
const MIN_KEY: usize = 16;
/// What a host is called in the cookie: 16 bytes of a code, as hex.
type Token = [u8; 32];

/// Keeps a client with the host that answered it first, by a cookie; see [`UpstreamBuilder::sticky`].
///
/// The cookie's value is a code of the host's address (HMAC-SHA-256): nobody without the key can tell the host, or make a
/// value for another one; and all instances of dial with the same key, also after a restart, mean the same host by it. It
/// holds for as long as the host is in the list and healthy, also while the host is [drained](super::Upstream::drain_host).
/// Otherwise the [`Policy`](super::Policy) chooses again, and the response has a new cookie.
///
/// The cookie is for all paths, `HttpOnly`, `SameSite=Lax`, and `Secure` where the client came over https. It lasts for a
/// browser's session unless [`max_age`](Self::max_age) says more. It is sent on to the host like any other.
///
/// ```
/// use dial::{Sticky, Upstream};
///
/// let upstream = Upstream::builder()
///     .hosts(["app1:8080", "app2:8080"])
///     .sticky(Sticky::cookie("host", b"a secret of at least 16 bytes")?)
///     .build()?;
/// # Ok::<(), dial::Error>(())
/// ```
///
/// [`UpstreamBuilder::sticky`]: super::UpstreamBuilder::sticky
#[derive(Clone)]
pub struct Sticky {
    name: String,
    key: Key,
    max_age: Option<Duration>,
    same_site: SameSite,
}

/// With which requests from other sites a browser sends the cookie. These are all that there are (RFC 6265bis §4.1.2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameSite {
    /// With none.
    Strict,
    /// With those that lead the user here. The default.
    #[default]
    Lax,
    /// With all; browsers want such a cookie to be `Secure`, so that it always is.
    None,
}

impl Sticky {
    /// By the cookie `name`, with a key that all instances share.
    ///
    /// It is an [`ErrorKind::Config`](crate::ErrorKind::Config) when the name is none (RFC 6265 §4.1.1), or the key shorter than
    /// 16 bytes.
    #[cfg(feature = "sticky")]
    pub fn cookie(name: impl Into<String>, key: impl AsRef<[u8]>) -> Result<Self, Error> {
        let (name, key) = (name.into(), key.as_ref());
        if http::HeaderName::try_from(&name).is_err() {
            let what = format!("{name:?} is not a cookie's name");
            return Err(Error::config(what));
        }
        if key.len() < MIN_KEY {
            let what = format!(
                "the key of a cookie has {MIN_KEY} bytes at least, not {}",
                key.len()
            );
            return Err(Error::config(what));
        }
        Ok(Self {
            name,
            key: Key::new(key),
            max_age: None,
            same_site: SameSite::default(),
        })
    }

    /// How long a client keeps it, in whole seconds, 1 at least. Default is a browser's session.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// With which requests from other sites it is sent. Default is [`SameSite::Lax`].
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Whether a client would keep the cookie at all (RFC 6265 §5.2.2), and for as long as was said.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.max_age {
            Some(age) if age.is_zero() || age.subsec_nanos() > 0 => {
                let what =
                    format!("sticky: max_age is {age:?}; it is in whole seconds, 1 at least");
                Err(Error::config(what))
            }
            _ => Ok(()),
        }
    }

    /// The cookie's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether a cookie's value names this endpoint.
    pub(crate) fn names(&self, value: Option<&[u8]>, endpoint: &Endpoint) -> bool {
        value.is_some_and(|value| *value == self.token(endpoint))
    }

    /// The value of a Set-Cookie field that names this endpoint.
    pub(crate) fn set_cookie(&self, endpoint: &Endpoint, https: bool) -> String {
        let mut cookie = format!("{}=", self.name);
        cookie.extend(self.token(endpoint).map(char::from));
        cookie.push_str("; Path=/; HttpOnly");
        if let Some(age) = self.max_age {
            // Writing to a String cannot fail.
            let _ = write!(cookie, "; Max-Age={}", age.as_secs());
        }
        cookie.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        if https || self.same_site == SameSite::None {
            cookie.push_str("; Secure");
        }
        cookie
    }

    fn token(&self, endpoint: &Endpoint) -> Token {
        let code = self.key.sign(endpoint.to_string().as_bytes());
        let digit = |at: usize| {
            let byte = code[at / 2];
            let half = if at.is_multiple_of(2) {
                byte >> 4
            } else {
                byte & 15
            };
            match half {
                0..10 => b'0' + half,
                _ => b'a' + half - 10,
            }
        };
        std::array::from_fn(digit)
    }
}

/// What values are signed with.
#[cfg(feature = "sticky")]
#[derive(Clone)]
struct Key(ring::hmac::Key);

#[cfg(feature = "sticky")]
impl Key {
    fn new(secret: &[u8]) -> Self {
        Self(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret))
    }

    /// The first half of a text's code.
    fn sign(&self, text: &[u8]) -> [u8; 16] {
        let code = ring::hmac::sign(&self.0, text);
        // It has 32 bytes.
        std::array::from_fn(|at| code.as_ref().get(at).copied().unwrap_or(0))
    }
}

/// There is none without the feature, and so nobody is sticky.
#[cfg(not(feature = "sticky"))]
#[derive(Clone)]
enum Key {}

#[cfg(not(feature = "sticky"))]
impl Key {
    fn sign(&self, _: &[u8]) -> [u8; 16] {
        match *self {}
    }
}

impl fmt::Debug for Sticky {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sticky")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Which of an upstream's members each value means.
#[derive(Debug)]
pub(super) struct Tokens(HashMap<Token, usize>);

impl Tokens {
    pub(super) fn new(sticky: &Sticky, members: &[Member]) -> Self {
        let tokens = members.iter().enumerate();
        Self(
            tokens
                .map(|(place, member)| (sticky.token(&member.endpoint), place))
                .collect(),
        )
    }

    /// The place of the one that a value means.
    pub(super) fn get(&self, value: &[u8]) -> Option<usize> {
        self.0.get(value).copied()
    }
}

#[cfg(all(test, feature = "sticky"))]
mod tests {
    use super::*;
    use crate::upstream::{Address, Upstream};

    const KEY: &[u8] = b"0123456789abcdef";

    fn endpoint(host: &str) -> Endpoint {
        let address = Address::parse(host).expect("an address");
        Endpoint::new(address, false).expect("an endpoint")
    }

    #[test]
    fn the_cookie_has_what_it_needs() {
        let sticky = Sticky::cookie("host", KEY).unwrap();
        let endpoint = endpoint("a");
        let cookie = sticky.set_cookie(&endpoint, false);
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
        let value = pair.strip_prefix("host=").unwrap();
        assert!(
            value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{value}"
        );
        assert!(sticky.names(Some(value.as_bytes()), &endpoint));
        assert!(!sticky.names(None, &endpoint));
        assert!(
            sticky
                .set_cookie(&endpoint, true)
                .ends_with("; SameSite=Lax; Secure")
        );
        let long = sticky
            .max_age(Duration::from_hours(1))
            .same_site(SameSite::None);
        let cookie = long.set_cookie(&endpoint, false);
        assert!(
            cookie.ends_with("; HttpOnly; Max-Age=3600; SameSite=None; Secure"),
            "{cookie}"
        );
    }

    #[test]
    fn a_value_is_of_one_host_and_one_key() {
        let sticky = Sticky::cookie("host", KEY).unwrap();
        let other = Sticky::cookie("host", b"another key of some length").unwrap();
        let (a, b) = (endpoint("a"), endpoint("b"));
        assert_ne!(sticky.token(&a), sticky.token(&b));
        assert_ne!(sticky.token(&a), other.token(&a));
        // The same host again, here or elsewhere.
        assert_eq!(sticky.token(&a), sticky.token(&endpoint("http://A:80/")));
        assert!(
            !format!("{sticky:?}").contains("0123"),
            "the key is nobody's business"
        );
    }

    #[test]
    fn bad_names_and_keys_are_refused() {
        for (name, key, message) in [
            ("", KEY, "\"\" is not a cookie's name"),
            ("a b", KEY, "\"a b\" is not a cookie's name"),
            ("a=", KEY, "\"a=\" is not a cookie's name"),
            (
                "a",
                &KEY[1..],
                "the key of a cookie has 16 bytes at least, not 15",
            ),
        ] {
            let error = Sticky::cookie(name, key).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        for (millis, age) in [(0, "0ns"), (999, "999ms"), (1_500, "1.5s")] {
            let sticky = Sticky::cookie("a", KEY).unwrap();
            let sticky = sticky.max_age(Duration::from_millis(millis));
            let error = Upstream::builder().hosts(["a"]).sticky(sticky).build();
            assert_eq!(
                error.unwrap_err().to_string(),
                format!("sticky: max_age is {age}; it is in whole seconds, 1 at least")
            );
        }
    }
}
