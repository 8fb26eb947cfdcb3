//! Statuses that are failures.

use http::StatusCode;

use super::range::within;
use crate::error::Error;

/// What an endpoint says when it cannot do its work at all; a 500 may be due to one request.
pub(super) const GATEWAY_ERRORS: [u16; 3] = [502, 503, 504];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statuses {
    /// In order.
    codes: Vec<u16>,
}

impl Statuses {
    pub(super) fn new(codes: impl IntoIterator<Item = u16>) -> Self {
        let mut codes: Vec<_> = codes.into_iter().collect();
        codes.sort_unstable();
        codes.dedup();
        Self { codes }
    }

    /// Only what can be a failure is.
    pub(super) fn check(&self, whose: &str) -> Result<(), Error> {
        let mut codes = self.codes.iter();
        codes.try_for_each(|code| within(whose, "statuses", code, 400..=599))
    }

    pub(super) fn contains(&self, status: StatusCode) -> bool {
        let code = status.as_u16();
        code >= 400 && self.codes.binary_search(&code).is_ok()
    }
}
