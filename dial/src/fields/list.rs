//! The fields of a message as they stand in its head: lines, in order, in one buffer.
//!
//! Most fields only pass through, so they are kept the way they are written; a map is made of them where user code asks for
//! one.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::name::{Name, Names};

/// Where the lines lie.
pub(crate) trait Buffer {
    /// What lies in `range`, which is within one line.
    fn get(&self, range: Range<usize>) -> &[u8];

    /// Writes what lies in `range`.
    fn write(&self, range: Range<usize>, out: &mut Vec<u8>);

    /// Where the next line will begin.
    fn end(&self) -> usize;

    /// The bytes a next line goes behind.
    fn open(&mut self) -> &mut Vec<u8>;
}

impl Buffer for Vec<u8> {
    fn get(&self, range: Range<usize>) -> &[u8] {
        &self[range]
    }

    fn write(&self, range: Range<usize>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self[range]);
    }

    fn end(&self) -> usize {
        self.len()
    }

    fn open(&mut self) -> &mut Vec<u8> {
        self
    }
}

/// Fields in the order they came. Names are in lower case.
#[derive(Clone, Default)]
pub(crate) struct Fields<B = Vec<u8>> {
    buffer: B,
    lines: Vec<Line>,
    /// Which names are among them.
    names: Names,
}

/// The most bytes that all lines together may have; what would be more is left out.
pub(crate) const MAX: usize = 1 << 30;

/// Room for the lines that are added to a message, mostly, and for their bytes.
const ADDED: (usize, usize) = (6, 96);

/// `name: value CRLF`
#[derive(Clone, Copy)]
struct Line {
    name: Name,
    start: u32,
    /// Where the colon is.
    colon: u32,
    end: u32,
}

impl Line {
    fn new(name: Name, start: usize, colon: usize, end: usize) -> Option<Self> {
        let fits = end <= MAX;
        let at = |at: usize| u32::try_from(at).ok().filter(|_| fits);
        Some(Self {
            name,
            start: at(start)?,
            colon: at(colon)?,
            end: at(end)?,
        })
    }

    fn all(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn name(self) -> Range<usize> {
        self.start as usize..self.colon as usize
    }

    fn value(self) -> Range<usize> {
        self.colon as usize + 2..self.end as usize - 2
    }
}

/// What to look for: a known name, or any other as text in lower case.
#[derive(Clone, Copy)]
pub(crate) struct Key<'a> {
    name: Name,
    text: &'a [u8],
}

impl From<Name> for Key<'_> {
    fn from(name: Name) -> Self {
        Self {
            name,
            text: name.text(),
        }
    }
}

impl<'a> From<&'a HeaderName> for Key<'a> {
    fn from(name: &'a HeaderName) -> Self {
        Self {
            name: name.into(),
            text: name.as_str().as_bytes(),
        }
    }
}

impl Fields {
    /// None yet; room for `count` of them that take `bytes` in all.
    pub(crate) fn with_capacity(count: usize, bytes: usize) -> Self {
        Self {
            buffer: Vec::with_capacity(bytes),
            lines: Vec::with_capacity(count),
            names: Names::default(),
        }
    }

    /// The fields of a head. `read` are their names and values, valid and in order; the first name is where `lines` begin.
    pub(crate) fn of_head<'a>(
        lines: &'a [u8],
        read: impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Self {
        let mut fields = Self::with_capacity(read.len() + ADDED.0, lines.len() + ADDED.1);
        fields.buffer.extend_from_slice(lines);
        let at = |part: &[u8]| (part.as_ptr() as usize).wrapping_sub(lines.as_ptr() as usize);
        for (name, value) in read {
            let start = at(name);
            let colon = start + name.len();
            let end = colon + value.len() + 4;
            // Mostly a line is already as it is to be written: then its end is where it would be.
            let is_plain = lines.get(colon..colon + 2) == Some(b": ")
                && lines.get(end - 2..end) == Some(b"\r\n");
            if is_plain {
                let text = &mut fields.buffer[start..colon];
                text.make_ascii_lowercase();
                let name = Name::of(text);
                fields.push(Line::new(name, start, colon, end));
            } else {
                fields.read(name, value);
            }
        }
        fields
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer
    }
}

impl<B: Buffer> Fields<B> {
    pub(crate) fn buffer(&self) -> &B {
        &self.buffer
    }

    /// The same fields in `buffer`, which has all that is in this one below its own: what is added does not change this one.
    pub(crate) fn over<C: Buffer>(&self, buffer: C) -> Fields<C> {
        let mut lines = Vec::with_capacity(self.lines.len() + ADDED.0);
        lines.extend_from_slice(&self.lines);
        Fields {
            buffer,
            lines,
            names: self.names,
        }
    }

    /// None, in `buffer`.
    pub(crate) fn empty(buffer: B) -> Self {
        Self {
            buffer,
            lines: Vec::new(),
            names: Names::default(),
        }
    }

    /// Adds a field that was read: its name in any case, and both valid.
    pub(crate) fn read(&mut self, name: &[u8], value: &[u8]) {
        let start = self.buffer.end();
        let buffer = self.buffer.open();
        let at = buffer.len();
        buffer.extend_from_slice(name);
        buffer[at..].make_ascii_lowercase();
        let known = Name::of(&buffer[at..]);
        self.finish(known, start, name.len(), value);
    }

    /// Adds a field behind those that are there.
    pub(crate) fn append<'a>(&mut self, key: impl Into<Key<'a>>, value: &[u8]) {
        let Key { name, text } = key.into();
        debug_assert!(!text.is_empty(), "{name:?} is not one name");
        let start = self.buffer.end();
        self.buffer.open().extend_from_slice(text);
        self.finish(name, start, text.len(), value);
    }

    fn finish(&mut self, name: Name, start: usize, length: usize, value: &[u8]) {
        let buffer = self.buffer.open();
        buffer.extend_from_slice(b": ");
        buffer.extend_from_slice(value);
        buffer.extend_from_slice(b"\r\n");
        let colon = start + length;
        self.push(Line::new(name, start, colon, colon + value.len() + 4));
    }

    fn push(&mut self, line: Option<Line>) {
        if let Some(line) = line {
            self.names.insert(line.name);
            self.lines.push(line);
        }
    }

    /// Replaces all values of a field.
    pub(crate) fn set<'a>(&mut self, key: impl Into<Key<'a>>, value: &[u8]) {
        let key = key.into();
        self.remove(key);
        self.append(key, value);
    }

    /// Removes all values of a field.
    pub(crate) fn remove<'a>(&mut self, key: impl Into<Key<'a>>) {
        let key = key.into();
        if !self.names.contains(key.name) {
            return;
        }
        let Self { buffer, lines, .. } = self;
        lines.retain(|line| !is(buffer, *line, key));
        if key.name.is_one() {
            self.names = self.names.without(key.name);
        }
    }

    /// Removes all fields whose names are among `names`.
    pub(crate) fn remove_all(&mut self, names: Names) {
        if self.names.intersects(names) {
            self.lines.retain(|line| !names.contains(line.name));
            self.names = self.lines.iter().fold(Names::default(), |mut left, line| {
                left.insert(line.name);
                left
            });
        }
    }

    pub(crate) fn has(&self, name: Name) -> bool {
        self.names.contains(name)
    }

    /// Whether a field is there.
    pub(crate) fn contains<'a>(&'a self, key: impl Into<Key<'a>>) -> bool {
        self.values(key).next().is_some()
    }

    /// The values of a field, line by line.
    pub(crate) fn values<'a>(
        &'a self,
        key: impl Into<Key<'a>>,
    ) -> impl DoubleEndedIterator<Item = &'a [u8]> {
        let key = key.into();
        let lines = match self.names.contains(key.name) {
            true => self.lines.as_slice(),
            false => &[],
        };
        let found = lines
            .iter()
            .filter(move |line| is(&self.buffer, **line, key));
        found.map(|line| self.buffer.get(line.value()))
    }

    /// The first value of a field with this name, in any case, as text, if it is visible ASCII.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let mut lines = self.lines.iter();
        let line = lines.find(|line| {
            let own = self.buffer.get(line.name());
            own.eq_ignore_ascii_case(name.as_bytes())
        })?;
        let value = self.buffer.get(line.value());
        let is_text = value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
        std::str::from_utf8(value).ok().filter(|_| is_text)
    }

    /// The members of a list, over all its lines. A value that is not text is split all the same: one odd byte must not
    /// save the others.
    pub(crate) fn members(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.values(name).flat_map(split)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines.iter().map(|line| {
            let name = std::str::from_utf8(self.buffer.get(line.name()));
            (name.unwrap_or_default(), self.buffer.get(line.value()))
        })
    }

    /// Whether a line more would still be written.
    pub(crate) fn has_room(&self, name: &HeaderName, value: &[u8]) -> bool {
        let room = MAX - self.buffer.end().min(MAX);
        let line = value
            .len()
            .saturating_add(name.as_str().len() + ": \r\n".len());
        line <= room
    }

    /// The most bytes that they take.
    pub(crate) fn most(&self) -> usize {
        self.buffer.end()
    }

    /// Writes the lines.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // Neighbours go together.
        let mut run = 0..0;
        for line in self.lines.iter().map(|line| line.all()) {
            if line.start == run.end {
                run.end = line.end;
            } else {
                self.buffer.write(run, out);
                run = line;
            }
        }
        self.buffer.write(run, out);
    }

    /// The same as a map.
    pub(crate) fn to_map(&self) -> HeaderMap {
        let mut lines = Vec::with_capacity(self.most());
        self.write(&mut lines);
        let lines = Bytes::from(lines);
        let mut map = HeaderMap::try_with_capacity(self.lines.len()).unwrap_or_default();
        let mut at = 0;
        for line in &self.lines {
            let start = at + line.value().start - line.all().start;
            let name = HeaderName::from_bytes(self.buffer.get(line.name()));
            let value = lines.slice(start..start + line.value().len());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) {
                // A map holds more fields than any head that dial reads.
                let _ = map.try_append(name, value);
            }
            at += line.all().len();
        }
        map
    }

    /// Removes the fields of one connection that are among `own`, and those that `Connection` names.
    pub(crate) fn strip(&mut self, own: Names) {
        if !self.names.intersects(own) {
            return;
        }
        if self.has(Name::Connection) {
            self.remove_named();
        }
        self.remove_all(own);
    }

    /// Removes what `Connection` names, but for what is protected, and for what is hop-by-hop by itself. Whoever sent it
    /// chose both lists, so that one is sorted: their product could be large.
    fn remove_named(&mut self) {
        let kept = Names::PROTECTED.union(Names::HOP_BY_HOP);
        // Mostly there is only this, which is kept from here all the same.
        let counts =
            |option: &&[u8]| !option.is_empty() && !option.eq_ignore_ascii_case(b"keep-alive");
        let mut options = self.members(Name::Connection).filter(counts).peekable();
        if options.peek().is_none() {
            return;
        }
        let lines = self.lines.iter().filter(|line| !kept.contains(line.name));
        let mut names: Vec<_> = lines.map(|line| self.buffer.get(line.name())).collect();
        names.sort_unstable();
        names.dedup();
        let mut gone = vec![false; names.len()];
        for option in options {
            let at = names.binary_search_by(|name| {
                name.iter()
                    .copied()
                    .cmp(option.iter().map(u8::to_ascii_lowercase))
            });
            if let Ok(at) = at {
                gone[at] = true;
            }
        }
        let stays = |line: &Line| {
            let at = names.binary_search(&self.buffer.get(line.name()));
            kept.contains(line.name) || !at.is_ok_and(|at| gone[at])
        };
        self.lines = self.lines.iter().copied().filter(stays).collect();
    }
}

fn is(buffer: &impl Buffer, line: Line, key: Key<'_>) -> bool {
    line.name == key.name && (key.name.is_one() || buffer.get(line.name()) == key.text)
}

/// The members of a list that is one line.
pub(crate) fn split(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

impl From<&HeaderMap> for Fields {
    fn from(map: &HeaderMap) -> Self {
        let bytes = map
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4);
        let mut fields = Self::with_capacity(map.len(), bytes.sum());
        for (name, value) in map {
            fields.append(name, value.as_bytes());
        }
        fields
    }
}

impl<B: Buffer> fmt::Debug for Fields<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |(name, value)| (name, Cow::into_owned(String::from_utf8_lossy(value)));
        f.debug_map().entries(self.iter().map(text)).finish()
    }
}

#[cfg(test)]
#[path = "list/tests.rs"]
mod tests;
