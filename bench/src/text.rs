//! Errors here are told and never handled, so all of them are text.

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
pub(crate) fn text(error: impl ToString) -> String {
    error.to_string()
}
