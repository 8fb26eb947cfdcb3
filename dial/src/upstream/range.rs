//! What a number or a time in the settings of an upstream may be.

use std::fmt::Debug;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::error::Error;

pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);

/// Refuses what is not in `range`, in words that begin with `whose`.
pub(super) fn within<T: PartialOrd + Debug>(
    whose: &str,
    what: &str,
    value: &T,
    range: RangeInclusive<T>,
) -> Result<(), Error> {
    if range.contains(value) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let what =
        format!("{whose}: {what} is {value:?}; it is {least:?} at least and {most:?} at most");
    Err(Error::config(what))
}
