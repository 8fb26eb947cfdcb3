//! What a proxy can be made over.

use crate::error::Error;
use crate::upstream::{IntoHosts, Upstream};

/// A list of hosts, or an [`Upstream`] that others share or change.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of hosts",
    label = "expected an array, slice or `Vec` of strings, or an `Upstream`"
)]
pub trait IntoUpstream {
    /// The upstream.
    ///
    /// # Errors
    /// What is wrong with the hosts.
    fn into_upstream(self) -> Result<Upstream, Error>;
}

#[diagnostic::do_not_recommend]
impl<H: IntoHosts> IntoUpstream for H {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Upstream::new(self)
    }
}

impl IntoUpstream for Upstream {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Ok(self)
    }
}

impl IntoUpstream for &Upstream {
    fn into_upstream(self) -> Result<Upstream, Error> {
        Ok(self.clone())
    }
}
