//! Header and trailer fields as they were on the wire: order, case and repetition kept.

use std::fmt;

use super::{Fault, position};

/// Fields in the order they arrived, RFC 9112 §5. Names are looked up in any case.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Vec<u8>)>);

impl Fields {
    /// The value of the one field called `name`; panics when it is repeated, or is not text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} is repeated: {all:?}");
        all.first().copied()
    }

    /// The values of every field called `name`, in order; panics when one is not text.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        named.map(|(_, value)| text(name, value)).collect()
    }

    /// Whether there is a field called `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// The names in order and in lower case, for comparing a whole message at once.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names = self.0.iter().map(|(name, _)| name.to_ascii_lowercase());
        names.collect()
    }

    /// Every field in order, exactly as received.
    #[must_use]
    pub fn as_slice(&self) -> &[(String, Vec<u8>)] {
        &self.0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), value.into()));
    }

    /// Whether the list in the fields called `name` has `member`.
    pub(crate) fn lists(&self, name: &str, member: &str) -> bool {
        let values = self.all(name);
        let mut members = values.iter().flat_map(|value| value.split(','));
        members.any(|given| given.trim().eq_ignore_ascii_case(member))
    }

    /// Reads field lines up to the empty line that ends them.
    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, Fault> {
        let mut fields = Self::default();
        loop {
            let Some(end) = position(bytes, b"\r\n") else {
                return Fault::malformed("fields without an end");
            };
            match &bytes[..end] {
                [] => return Ok(fields),
                line => fields.0.push(parse_line(line)?),
            }
            bytes = &bytes[end + 2..];
        }
    }

    /// The fields as they are written, without the empty line.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let lines = self
            .0
            .iter()
            .map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat());
        lines.collect::<Vec<_>>().concat()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &[u8]| value.escape_ascii().to_string();
        f.debug_list()
            .entries(self.0.iter().map(|(n, v)| format!("{n}: {}", text(v))))
            .finish()
    }
}

impl<N: Into<String>, V: Into<Vec<u8>>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let fields = fields.into_iter();
        Self(fields.map(|(n, v)| (n.into(), v.into())).collect())
    }
}

fn text<'a>(name: &str, value: &'a [u8]) -> &'a str {
    std::str::from_utf8(value)
        .unwrap_or_else(|_| panic!("{name} is not text: \"{}\"", value.escape_ascii()))
}

fn parse_line(line: &[u8]) -> Result<(String, Vec<u8>), Fault> {
    let shown = line.escape_ascii();
    let Some(colon) = line.iter().position(|&byte| byte == b':') else {
        return Fault::malformed(format!("no colon in \"{shown}\""));
    };
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Fault::malformed(format!("no field name in \"{shown}\""));
    }
    if value
        .iter()
        .any(|&byte| byte != b'\t' && byte.is_ascii_control())
    {
        return Fault::malformed(format!("control character in \"{shown}\""));
    }
    let name = String::from_utf8(name.to_vec()).expect("tokens are ASCII");
    Ok((name, value.to_vec()))
}

/// Without the optional white space around it; a stray CR is not white space.
fn trim(value: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let from = value.iter().position(is_text).unwrap_or(value.len());
    let to = value
        .iter()
        .rposition(is_text)
        .map_or(from, |last| last + 1);
    &value[from..to]
}

/// `tchar`, RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
