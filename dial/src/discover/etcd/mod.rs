//! Hosts from etcd, version 3.4 or later: the values of all keys that begin alike, and their changes.
//!
//! It is spoken to over the HTTP interface that its client port has beside gRPC (`/v3/..`, on unless it was switched off),
//! and with dial's own client. A gRPC client would bring a second HTTP stack of some forty crates, and `protoc` to every
//! machine that builds dial; what is needed here is two calls.

mod announced;
mod api;

use std::fmt;
use std::sync::Arc;

use self::announced::Announced;
use self::api::{Gateway, Keys, Lines};
use crate::client::Connector;
use crate::error::{BoxError, Chain, Error, ErrorKind};
use crate::upstream::{Address, Discover, Endpoint, HostEntry};

/// The most keys.
const MAX_KEYS: usize = 10_000;

/// Hosts from etcd; needs the feature `etcd`. Each key that begins with a prefix has one host for a value, as
/// [`HostEntry`]'s `from_str` reads it: `http://10.0.0.1:8080 weight=3`. What the key itself says does not matter, so that
/// an instance can announce itself under any name, and be forgotten when its lease ends. Two keys with the same host are
/// one host.
///
/// A change is there at once. When the connection breaks, all keys are read anew, from whichever member of the cluster
/// answers, so that nothing is missed; that also happens after a minute in which nothing changed. No key at all says that
/// nobody is up. A value that is not understood is logged and concerns nobody else: its key keeps the host that it had before,
/// if any. Where no value at all is understood, or there are more than 10,000 keys, the hosts stay as they are.
///
/// ```no_run
/// use dial::{Etcd, Upstream};
///
/// let etcd = Etcd::new(["http://10.0.0.1:2379", "http://10.0.0.2:2379"], "/services/api/")?;
/// let upstream = Upstream::builder().discover(etcd).build()?;
/// # Ok::<(), dial::Error>(())
/// ```
pub struct Etcd {
    members: Vec<Arc<Endpoint>>,
    prefix: String,
    user: Option<(String, String)>,
    connector: Connector,
    /// The member that answered last.
    current: usize,
    following: Option<Following>,
    announced: Announced,
}

/// The keys as they are, and what tells their changes.
struct Following {
    keys: Keys,
    lines: Lines,
}

impl Etcd {
    /// The values of all keys that begin with `prefix`, from a cluster with these members.
    ///
    /// # Errors
    /// An [`ErrorKind::Config`] when there is no member, or one is not understood; a member is written as a host is. Or when
    /// the prefix is empty.
    pub fn new<T: AsRef<str>>(
        members: impl IntoIterator<Item = T>,
        prefix: impl Into<String>,
    ) -> Result<Self, Error> {
        let members = members.into_iter().map(|member| {
            let address = Address::parse(member.as_ref())?;
            Ok(Arc::new(Endpoint::new(address, false)?))
        });
        let members = members.collect::<Result<Vec<_>, Error>>()?;
        let prefix = prefix.into();
        if members.is_empty() || prefix.is_empty() {
            let what = "etcd needs a member to ask, and a prefix that keys begin with";
            return Err(Error::config(what));
        }
        Ok(Self {
            members,
            prefix,
            user: None,
            connector: Connector::default(),
            current: 0,
            following: None,
            announced: Announced::default(),
        })
    }

    /// Whom to tell etcd that one is, where it asks. Default is nobody.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// How `https://` members are verified. Default is the platform's roots.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: crate::UpstreamTls) -> Self {
        self.connector.tls = Some(tls);
        self
    }

    /// Reads all keys from the first member that answers, beginning with the one that did so last.
    async fn begin(&mut self) -> Result<Following, BoxError> {
        let count = self.members.len();
        let mut failures = Vec::new();
        for step in 0..count {
            let number = (self.current + step) % count;
            match self.begin_at(&self.members[number]).await {
                Ok(following) => {
                    self.current = number;
                    return Ok(following);
                }
                Err(error) => failures.push(Chain(&error).to_string()),
            }
        }
        Err(Error::new(ErrorKind::Connect, failures.join("; ")).into())
    }

    async fn begin_at(&self, member: &Arc<Endpoint>) -> Result<Following, Error> {
        let mut gateway = Gateway::new(member, &self.connector);
        if let Some((name, password)) = &self.user {
            gateway.authenticate(name, password).await?;
        }
        let (keys, revision) = gateway.range(&self.prefix, MAX_KEYS).await?;
        // From the very next revision, so that no change falls between.
        let lines = gateway
            .watch(&self.prefix, revision.saturating_add(1))
            .await?;
        Ok(Following { keys, lines })
    }

    async fn hosts(&mut self) -> Result<Vec<HostEntry>, BoxError> {
        loop {
            let Some(following) = &mut self.following else {
                let following = self.begin().await?;
                let following = self.following.insert(following);
                return self.announced.hosts(&following.keys);
            };
            match following.lines.change(&mut following.keys).await {
                Ok(true) if following.keys.len() <= MAX_KEYS => {
                    return self.announced.hosts(&following.keys);
                }
                // Nothing for so long that nobody may be there any more, or too much.
                Ok(_) => self.following = None,
                Err(error) => {
                    self.following = None;
                    return Err(error.into());
                }
            }
        }
    }
}

impl Discover for Etcd {
    async fn next(&mut self) -> Option<Result<Vec<HostEntry>, BoxError>> {
        Some(self.hosts().await)
    }
}

impl fmt::Debug for Etcd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.members.iter().map(ToString::to_string);
        f.debug_struct("Etcd")
            .field("members", &members.collect::<Vec<_>>())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_a_prefix_are_needed() {
        assert!(Etcd::new([""; 0], "/a").is_err());
        assert!(Etcd::new(["a"], "").is_err());
        assert!(Etcd::new(["a/b"], "/a").is_err());
        let etcd = Etcd::new(["a:2379", "https://b:2379"], "/x/").unwrap();
        let etcd = etcd.user("root", "secret");
        assert_eq!(
            format!("{etcd:?}"),
            r#"Etcd { members: ["http://a:2379", "https://b:2379"], prefix: "/x/", .. }"#
        );
    }
}
