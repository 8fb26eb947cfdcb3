//! What a number or a time in the settings of an upstream may be.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use crate::error::Error;

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
