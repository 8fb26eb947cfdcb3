//! What of a request decides where it goes.

use http::HeaderName;
use http::header::HOST;

use super::dice::mix;
use crate::error::Error;
use crate::fields::is_reserved;

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
    /// [`HashOn::Header`].
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) for a name that is none, and for fields that no request has when this
    /// is asked for: those of one connection, which are not sent on, and Host, which is the endpoint's and set once that was
    /// chosen.
    pub fn header(name: &str) -> Result<Self, Error> {
        let name = HeaderName::try_from(name)
            .map_err(|error| Error::config(format!("{name:?}")).with_source(error))?;
        if is_reserved(&name) {
            let what = format!(
                "`{name}` belongs to one connection and is not sent on, so no request has it"
            );
            return Err(Error::config(what));
        }
        if name == HOST {
            let what =
                "`host` is set for the endpoint, after it was chosen; use `x-forwarded-host`";
            return Err(Error::config(what));
        }
        Ok(Self::Header(name))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_that_is_never_there() {
        for name in ["X-Tenant", "x-forwarded-host", "authorization"] {
            let expected = HeaderName::try_from(name).map(HashOn::Header);
            assert_eq!(HashOn::header(name).unwrap(), expected.unwrap());
        }
        for (name, message) in [
            ("a b", "\"a b\""),
            (
                "TE",
                "`te` belongs to one connection and is not sent on, so no request has it",
            ),
            (
                "Content-Length",
                "`content-length` belongs to one connection and is not sent on, so no request has it",
            ),
            (
                "Host",
                "`host` is set for the endpoint, after it was chosen; use `x-forwarded-host`",
            ),
        ] {
            assert_eq!(HashOn::header(name).unwrap_err().to_string(), message);
        }
    }
}
