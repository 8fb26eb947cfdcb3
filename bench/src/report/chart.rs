//! The chart of README.md.

use crate::rounds::Table;

pub(super) fn chart(_tables: &[Table]) -> Option<String> {
    None
}
