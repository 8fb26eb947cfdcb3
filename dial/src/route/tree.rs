//! Finds the patterns that match a path: a tree with a level a segment.

use std::ops::ControlFlow;

use super::params::Spans;
use super::pattern::{Pattern, Segment};

/// Patterns by segment. What is stored at a pattern is a list of numbers, which mean something to the caller.
///
/// **Order.** At every level a static segment comes before `{id}`, which comes before `{*rest}`; a level that leads
/// nowhere is left again and the next choice is tried.
///
/// **Cost.** A walk enters a node only from its one parent, and from there at most once, because the segment at
/// the parent's depth is the same whatever was tried before. So it enters no node twice: however often it turns
/// back, it is linear in the number of nodes, and in practice takes one or two per level. Among the static segments
/// of one level the search is logarithmic. Depth is bounded by the pattern's length.
#[derive(Debug, Default)]
pub(super) struct Tree {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    /// Sorted by length, then text: most comparisons need not look at the text. Most levels have a few entries,
    /// for which a compact list beats a map, and at startup thousands are inserted in no time.
    statics: Vec<(Box<str>, Box<Node>)>,
    param: Option<Box<Node>>,
    /// Stored at the pattern that ends here.
    here: Vec<usize>,
    /// Stored at the pattern that ends here with a catch-all.
    rest: Vec<usize>,
}

/// A path, and how far a walk has come in it.
#[derive(Clone, Copy)]
struct Cursor<'p> {
    path: &'p str,
    /// Where the next segment begins; beyond the end of the path when there is none.
    at: usize,
}

impl Tree {
    /// What is stored at patterns of this shape.
    pub(super) fn get(&self, pattern: &Pattern) -> &[usize] {
        let mut node = &self.root;
        for segment in pattern.segments() {
            let next = match segment {
                Segment::Static(text) => node.enter(text),
                Segment::Param => node.param.as_deref(),
                Segment::Rest => return &node.rest,
            };
            let Some(next) = next else { return &[] };
            node = next;
        }
        &node.here
    }

    /// Adds to what is stored at patterns of this shape.
    pub(super) fn add(&mut self, pattern: &Pattern, id: usize) {
        let mut node = &mut self.root;
        for segment in pattern.segments() {
            node = match segment {
                Segment::Static(text) => node.enter_or_add(text),
                Segment::Param => node.param.get_or_insert_default(),
                Segment::Rest => return node.rest.push(id),
            };
        }
        node.here.push(id);
    }

    /// Shows `visit` what is stored at each pattern that matches `path`, best first, until it breaks.
    ///
    /// `path` begins with `/` and is no longer than `u16::MAX`; others match nothing.
    pub(super) fn walk<B>(
        &self,
        path: &str,
        visit: &mut impl FnMut(&[usize], Spans) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if !path.starts_with('/') || path.len() > usize::from(u16::MAX) {
            return ControlFlow::Continue(());
        }
        let start = Cursor { path, at: 1 };
        self.root.walk(start, &mut Spans::default(), visit)
    }
}

impl Node {
    fn enter(&self, segment: &str) -> Option<&Self> {
        let at = self.search(segment).ok()?;
        Some(&self.statics[at].1)
    }

    fn enter_or_add(&mut self, segment: &str) -> &mut Self {
        let at = self.search(segment).unwrap_or_else(|at| {
            self.statics.insert(at, (segment.into(), Box::default()));
            at
        });
        &mut self.statics[at].1
    }

    fn search(&self, segment: &str) -> Result<usize, usize> {
        self.statics.binary_search_by(|(known, _)| {
            let by_length = known.len().cmp(&segment.len());
            by_length.then_with(|| (**known).cmp(segment))
        })
    }

    fn walk<B>(
        &self,
        cursor: Cursor<'_>,
        spans: &mut Spans,
        visit: &mut impl FnMut(&[usize], Spans) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match cursor.segment() {
            Some((segment, next)) => {
                if let Some(node) = self.enter(segment) {
                    node.walk(next, spans, visit)?;
                }
                if let Some(node) = &self.param
                    && !segment.is_empty()
                {
                    spans.push(cursor.at, cursor.at + segment.len());
                    node.walk(next, spans, visit)?;
                    spans.pop();
                }
            }
            None if !self.here.is_empty() => visit(&self.here, *spans)?,
            None => {}
        }
        if !self.rest.is_empty() {
            let end = cursor.path.len();
            spans.push(cursor.at.min(end), end);
            visit(&self.rest, *spans)?;
            spans.pop();
        }
        ControlFlow::Continue(())
    }
}

impl<'p> Cursor<'p> {
    /// The next segment, and the place after it.
    fn segment(self) -> Option<(&'p str, Self)> {
        let left = self.path.get(self.at..)?;
        let end = left.bytes().position(|byte| byte == b'/');
        let segment = end.map_or(left, |end| &left[..end]);
        let at = self.at + segment.len() + 1;
        Some((segment, Self { at, ..self }))
    }
}
