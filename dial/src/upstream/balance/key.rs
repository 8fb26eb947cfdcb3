//! What of a request decides where it goes.

use http::HeaderName;

use super::dice::mix;
use crate::error::Error;

/// What requests of one kind have in common, for [`Policy::consistent_hash`](super::Policy::consistent_hash).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashOn {
    /// The first value of a field, as it will be sent.
    Header(HeaderName),
    /// The value of a cookie of the client's.
    Cookie(String),
    /// The client's address: the other end of the connection.
    ClientIp,
    /// A path parameter, as the client sent it.
    Param(String),
}

impl HashOn {
    /// [`HashOn::Header`]; a name that is none is an [`ErrorKind::Config`](crate::ErrorKind::Config).
    pub fn header(name: &str) -> Result<Self, Error> {
        HeaderName::try_from(name)
            .map(Self::Header)
            .map_err(|error| Error::config(format!("{name:?}")).with_source(error))
    }

    /// [`HashOn::Cookie`].
    #[must_use]
    pub fn cookie(name: impl Into<String>) -> Self {
        Self::Cookie(name.into())
    }

    /// [`HashOn::Param`].
    #[must_use]
    pub fn param(name: impl Into<String>) -> Self {
        Self::Param(name.into())
    }
}

/// A text as a number: the same in every process (FNV-1a, mixed).
pub(crate) fn hash(text: &[u8]) -> u64 {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    mix(text.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}
