//! One message as it comes in.

use super::body::{Body, Chunked};
use super::head::{Head, Kind};

/// Reads messages one after another; a head that came whole is never copied.
#[derive(Debug)]
pub(crate) struct Incoming {
    kind: Kind,
    /// Of a head that is not whole.
    partial: Vec<u8>,
    body: Option<(Head, Body)>,
    content: u64,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    /// The message has ended, with `content` bytes of body; `used` is what it took of the bytes given.
    Done {
        head: Head,
        content: u64,
        used: usize,
    },
}

impl Incoming {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            partial: Vec::new(),
            body: None,
            content: 0,
        }
    }

    /// Whether a part of a message was read, and not all of it.
    pub(crate) fn begun(&self) -> bool {
        self.body.is_some() || !self.partial.is_empty()
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Progress, String> {
        let mut used = 0;
        if self.body.is_none() {
            let Some(len) = self.head(bytes)? else {
                return Ok(Progress::More);
            };
            used = len;
        }
        let Some((_, body)) = &mut self.body else {
            return Ok(Progress::More);
        };
        let (taken, content) = body.feed(&bytes[used..])?;
        self.content += content;
        if !body.done() {
            return Ok(Progress::More);
        }
        let content = std::mem::take(&mut self.content);
        match self.body.take() {
            Some((head, _)) => Ok(Progress::Done {
                head,
                content,
                used: used + taken,
            }),
            None => Ok(Progress::More),
        }
    }

    /// How many of these bytes end the head, once they do.
    fn head(&mut self, bytes: &[u8]) -> Result<Option<usize>, String> {
        let before = self.partial.len();
        let head = if before == 0 {
            Head::parse(self.kind, bytes)?
        } else {
            self.partial.extend_from_slice(bytes);
            Head::parse(self.kind, &self.partial)?
        };
        let Some(head) = head else {
            if before == 0 {
                self.partial.extend_from_slice(bytes);
            }
            return Ok(None);
        };
        self.partial.clear();
        let len = head.len - before;
        let body = match (head.length, head.chunked, self.kind) {
            (_, true, _) => Body::Chunked(Chunked::default()),
            (Some(length), ..) => Body::Length(length),
            (None, _, Kind::Request) => Body::Length(0),
            (None, _, Kind::Response) => return Err("a response of unknown length".to_owned()),
        };
        self.body = Some((head, body));
        Ok(Some(len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIRE: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n";

    /// The statuses and lengths, whatever the pieces.
    fn read(piece: usize) -> Vec<(u16, u64)> {
        let mut incoming = Incoming::new(Kind::Response);
        let mut seen = Vec::new();
        for mut bytes in WIRE.chunks(piece) {
            while !bytes.is_empty() {
                match incoming.feed(bytes).unwrap() {
                    Progress::More => break,
                    Progress::Done {
                        head,
                        content,
                        used,
                    } => {
                        seen.push((head.status, content));
                        bytes = &bytes[used..];
                    }
                }
            }
        }
        assert!(!incoming.begun());
        seen
    }

    #[test]
    fn messages_in_any_pieces() {
        for piece in 1..=WIRE.len() {
            assert_eq!(read(piece), [(200, 5), (404, 0)], "pieces of {piece}");
        }
    }

    #[test]
    fn a_response_needs_a_length() {
        let wire = b"HTTP/1.1 200 OK\r\n\r\n";
        assert!(Incoming::new(Kind::Response).feed(wire).is_err());
        let wire = b"GET / HTTP/1.1\r\n\r\n";
        assert!(matches!(
            Incoming::new(Kind::Request).feed(wire),
            Ok(Progress::Done { content: 0, .. })
        ));
    }
}
