//! What the parameters of a matched path are: positions in it, so that a match copies nothing.

use std::sync::Arc;

use super::pattern::{MAX_PARAMS, Pattern};

/// The parameters of one matched request.
///
/// Values are handed out as they stand in the path: still percent-encoded, and for a catch-all without the slash
/// before it (`a/b` for `/files/a/b`, empty for `/files`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    None,
    Matched {
        pattern: Arc<Pattern>,
        spans: Spans,
    },
    Given(Arc<[(String, String)]>),
}

/// Where the parameters lie in the path, in its order.
///
/// Offsets fit `u16`: [`RouteTable::find`](super::RouteTable::find) looks at no longer path, and `http::Uri` holds
/// none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spans {
    at: [(u16, u16); MAX_PARAMS],
    len: usize,
}

impl Params {
    /// No parameters.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Parameters given by hand, for the test of a handler without a server. Values are percent-encoded, as they
    /// would be in a path.
    pub(crate) fn given(params: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(Source::Given(params.into_iter().collect()))
    }

    pub(super) fn matched(pattern: &Arc<Pattern>, spans: Spans) -> Self {
        if spans.len == 0 {
            return Self::none();
        }
        Self(Source::Matched {
            pattern: Arc::clone(pattern),
            spans,
        })
    }

    /// The value of `name`; `path` is the one that was matched.
    pub(crate) fn get<'a>(&'a self, path: &'a str, name: &str) -> Option<&'a str> {
        self.iter(path)
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Names and values in the order of the path; `path` is the one that was matched.
    pub(crate) fn iter<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (matched, given) = match &self.0 {
            Source::None => (None, None),
            Source::Matched { pattern, spans } => (Some(pattern.names().zip(spans.of(path))), None),
            Source::Given(params) => (None, Some(params.iter())),
        };
        let given = given.into_iter().flatten();
        let given = given.map(|(name, value)| (name.as_str(), value.as_str()));
        matched.into_iter().flatten().chain(given)
    }
}

impl Spans {
    /// Adds a span of a path no longer than `u16::MAX`, after at most `MAX_PARAMS - 1` others: both hold for every
    /// pattern and every path that the tree walks.
    pub(super) fn push(&mut self, start: usize, end: usize) {
        let narrow = |at| u16::try_from(at).unwrap_or(u16::MAX);
        if let Some(slot) = self.at.get_mut(self.len) {
            *slot = (narrow(start), narrow(end));
            self.len += 1;
        }
    }

    pub(super) fn pop(&mut self) {
        self.len = self.len.saturating_sub(1);
    }

    /// The texts at these spans. Of another path than the one matched it is some text or an empty one, never a
    /// panic.
    fn of<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let spans = self.at.iter().take(self.len);
        spans.map(|&(start, end)| path.get(start.into()..end.into()).unwrap_or_default())
    }
}
