//! Messages as they are compared: the first line, the fields sorted by name, the body as it was framed.
//!
//! Names and values are compared byte for byte, and so is the order of fields with one name. Where a chunk ends means
//! nothing (RFC 9112 §7.1), so the data of all chunks are compared as one chunk.

use std::fmt;

use super::NAME;

/// One message. As an expectation it can leave out what goes without saying: see [`Message::expected_by_origin`] and
/// [`Message::expected_by_client`].
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Message {
    line: Vec<u8>,
    fields: Vec<Vec<u8>>,
    body: Vec<u8>,
    interim: bool,
}

impl Message {
    /// The head, and all that follows as the body.
    pub(super) fn whole(bytes: &[u8]) -> Option<Self> {
        let (mut message, rest) = Self::head(bytes)?;
        message.body = match message.is_chunked() {
            true if !rest.is_empty() => match joined(rest)? {
                (body, []) => body,
                _ => return None,
            },
            _ => rest.to_vec(),
        };
        Some(message)
    }

    /// The request at the beginning of `bytes`, and what is behind it; `None` when it is not whole or not proper.
    pub(super) fn request(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (mut message, rest) = Self::head(bytes)?;
        let lengths = message.values("content-length");
        let (body, rest) = match (message.is_chunked(), &lengths[..]) {
            (true, []) => joined(rest)?,
            (false, []) => (Vec::new(), rest),
            (false, [length]) => {
                let length = std::str::from_utf8(length).ok()?.parse().ok()?;
                let (body, rest) = rest.split_at_checked(length)?;
                (body.to_vec(), rest)
            }
            _ => return None,
        };
        message.body = body;
        Some((message, rest))
    }

    /// Adds what dial says to every origin, unless the expectation says something about it. A line `-name` says that
    /// there is no such field; `ORIGIN` stands for the origin's address.
    pub(super) fn expected_by_origin(mut self, origin: &str, sent_version: &str) -> Self {
        for field in &mut self.fields {
            if let Some(at) = find(field, b"ORIGIN") {
                field.splice(at..at + 6, origin.bytes());
            }
        }
        self.default("host", origin);
        self.default("x-forwarded-for", "127.0.0.1");
        self.default("x-forwarded-host", "a");
        self.default("x-forwarded-proto", "http");
        self.default("via", &format!("{sent_version} {NAME}"));
        self.fields.retain(|field| !field.starts_with(b"-"));
        self.sort();
        self
    }

    /// Adds what dial says to every client in a response it `forwarded`.
    pub(super) fn expected_by_client(mut self, forwarded: Option<&str>) -> Self {
        if let Some(version) = forwarded {
            self.default("via", &format!("{version} {NAME}"));
        }
        self.fields.retain(|field| !field.starts_with(b"-"));
        self.sort();
        self
    }

    /// What is expected of a head that comes before the last: whether dial names itself in it is not said.
    pub(super) fn expected_interim(mut self) -> Self {
        self.interim = true;
        self.expected_by_client(None)
    }

    /// Takes away what differs from run to run: a Date that `expected` does not state.
    pub(super) fn normalised(mut self, expected: &Self) -> Self {
        if expected.values("date").is_empty()
            && let [date] = self.values("date")[..]
            && date.len() == 29
            && date.ends_with(b" GMT")
        {
            self.fields.retain(|field| !field.starts_with(b"date:"));
        }
        if expected.interim {
            let via = format!("via: 1.1 {NAME}").into_bytes();
            self.fields.retain(|field| *field != via);
        }
        self.interim = expected.interim;
        self.sort();
        self
    }

    pub(super) fn line(&self) -> String {
        self.line.escape_ascii().to_string()
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The same message with another body.
    pub(super) fn with_body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(super) fn is_chunked(&self) -> bool {
        self.values("transfer-encoding") == [b"chunked"]
    }

    /// The values of all fields called `name`, without the white space before them.
    pub(super) fn values(&self, name: &str) -> Vec<&[u8]> {
        let named = self
            .fields
            .iter()
            .filter(|field| name_of(field) == name.as_bytes());
        named
            .map(|field| field[name.len() + 1..].trim_ascii_start())
            .collect()
    }

    fn head(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let end = find(bytes, b"\r\n\r\n")?;
        let mut lines = Vec::new();
        let mut rest = &bytes[..end];
        while let Some(at) = find(rest, b"\r\n") {
            lines.push(rest[..at].to_vec());
            rest = &rest[at + 2..];
        }
        lines.push(rest.to_vec());
        let line = lines.remove(0);
        let mut message = Self {
            line,
            fields: lines,
            body: Vec::new(),
            interim: false,
        };
        message.sort();
        Some((message, &bytes[end + 4..]))
    }

    fn default(&mut self, name: &str, value: &str) {
        let none = format!("-{name}").into_bytes();
        if self.values(name).is_empty() && !self.fields.contains(&none) {
            self.fields.push(format!("{name}: {value}").into_bytes());
        }
    }

    fn sort(&mut self) {
        self.fields
            .sort_by(|one, other| name_of(one).cmp(name_of(other)));
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "    {}", self.line())?;
        for field in &self.fields {
            writeln!(f, "    {}", field.escape_ascii())?;
        }
        writeln!(f, "    body \"{}\"", self.body.escape_ascii())
    }
}

fn name_of(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == b':').next().unwrap_or_default()
}

/// A chunked body with all its data in one chunk, and what is behind it.
fn joined(mut bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut data: Vec<u8> = Vec::new();
    loop {
        let (size, rest) = line(bytes)?;
        let size = std::str::from_utf8(size)
            .ok()
            .filter(|size| is_hex(size.as_bytes()))?;
        let size = usize::from_str_radix(size, 16).ok()?;
        bytes = rest;
        if size == 0 {
            break;
        }
        let (chunk, rest) = bytes.split_at_checked(size)?;
        data.extend(chunk);
        bytes = rest.strip_prefix(b"\r\n")?;
    }
    let mut body = Vec::new();
    if !data.is_empty() {
        body.extend(format!("{:x}\r\n", data.len()).bytes());
        body.extend(data);
        body.extend(b"\r\n");
    }
    body.extend(b"0\r\n");
    loop {
        let (trailer, rest) = line(bytes)?;
        body.extend([trailer, b"\r\n"].concat());
        bytes = rest;
        if trailer.is_empty() {
            return Some((body, bytes));
        }
    }
}

fn line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = find(bytes, b"\r\n")?;
    Some((&bytes[..end], &bytes[end + 2..]))
}

fn is_hex(digits: &[u8]) -> bool {
    !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit)
}

pub(super) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|at| at == what)
}
