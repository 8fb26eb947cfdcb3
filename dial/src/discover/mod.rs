//! Where the hosts of an upstream can be learnt: each a [`Discover`](crate::Discover) behind a feature of its own.
//!
//! A source only asks, waits and reads. What becomes of a list, what is logged, and when a source that failed is asked
//! again, is the same for all of them and the upstream's.

#[cfg(feature = "dns")]
mod dns;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "files")]
mod files;

#[cfg(feature = "dns")]
pub use self::dns::Dns;
#[cfg(feature = "etcd")]
pub use self::etcd::Etcd;
#[cfg(feature = "files")]
pub use self::files::HostFile;
