//! Collects every fault of one attribute, so that one compilation shows them all.

use proc_macro2::Span;
use quote::ToTokens;
use std::fmt::Display;
use syn::Error;

/// The faults found so far.
#[derive(Default)]
pub(crate) struct Faults {
    error: Option<Error>,
}

/// Proof that a fault was reported: nothing else makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported(());

/// A value that was checked, or the proof that its fault is on record.
pub(crate) type Checked<T> = Result<T, Reported>;

impl Faults {
    /// Reports a fault under `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) -> Reported {
        self.push(Error::new_spanned(tokens, message))
    }

    /// Reports a fault under `span`.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) -> Reported {
        self.push(Error::new(span, message))
    }

    pub(crate) fn into_error(self) -> Option<Error> {
        self.error
    }

    fn push(&mut self, error: Error) -> Reported {
        match &mut self.error {
            Some(first) => first.combine(error),
            None => self.error = Some(error),
        }
        Reported(())
    }
}

/// The candidate that `word` was most likely meant to be, if any is near.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // A third of the letters may be wrong; more, and the suggestion is a guess.
    // Of two letters, one is already half of the word.
    let limit = match word.chars().count() {
        0..=2 => 0,
        letters => letters / 3,
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names in backquotes, as a sentence lists them: `` `a`, `b` and `c` ``.
pub(crate) fn listing<'a>(names: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}

/// The edits between two words (Levenshtein; swapped neighbours count once), letter case ignored.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut rows = vec![(0..=right.len()).collect::<Vec<_>>()];
    for i in 1..=left.len() {
        let mut row = vec![i];
        for j in 1..=right.len() {
            let replace = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            let swapped =
                i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if swapped {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[left.len()][right.len()]
}
