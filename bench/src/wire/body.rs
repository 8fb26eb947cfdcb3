//! The end of a body, found without keeping any of it.

/// The longest line of a chunk, and the most bytes of trailers.
const MAX_LINE: usize = 4096;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Length(u64),
    Chunked(Chunked),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chunked {
    stage: Stage,
    /// Of the line that is being read.
    line: Vec<u8>,
    left: u64,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Size,
    Data,
    AfterData,
    Trailer,
    Done,
}

impl Body {
    /// Takes what belongs to the body: the bytes taken from `bytes`, and how many of them are content.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(usize, u64), String> {
        match self {
            Self::Length(left) => {
                let taken = bytes
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                Ok((taken, taken as u64))
            }
            Self::Chunked(chunked) => chunked.feed(bytes),
        }
    }

    pub(super) fn done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.stage == Stage::Done,
        }
    }
}

impl Chunked {
    fn feed(&mut self, bytes: &[u8]) -> Result<(usize, u64), String> {
        let (mut taken, mut content) = (0, 0);
        while taken < bytes.len() && self.stage != Stage::Done {
            if self.stage == Stage::Data {
                let rest = bytes.len() - taken;
                let data = rest.min(usize::try_from(self.left).unwrap_or(usize::MAX));
                self.left -= data as u64;
                taken += data;
                content += data as u64;
                if self.left == 0 {
                    self.stage = Stage::AfterData;
                }
                continue;
            }
            self.line.push(bytes[taken]);
            taken += 1;
            if self.line.ends_with(b"\r\n") {
                self.line_ends()?;
                self.line.clear();
            } else if self.line.len() > MAX_LINE {
                return Err("a chunk's line that does not end".to_owned());
            }
        }
        Ok((taken, content))
    }

    fn line_ends(&mut self) -> Result<(), String> {
        let line = &self.line[..self.line.len() - 2];
        self.stage = match self.stage {
            Stage::Size => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
                let size = str::from_utf8(digits)
                    .ok()
                    .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
                self.left = size.ok_or("a bad chunk size")?;
                match self.left {
                    0 => Stage::Trailer,
                    _ => Stage::Data,
                }
            }
            Stage::AfterData if line.is_empty() => Stage::Size,
            Stage::Trailer if line.is_empty() => Stage::Done,
            Stage::Trailer => Stage::Trailer,
            _ => return Err("a chunk that is longer than it says".to_owned()),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_in_any_pieces() {
        let wire = b"5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET";
        for piece in 1..wire.len() {
            let mut body = Body::Chunked(Chunked::default());
            let (mut used, mut content) = (0, 0);
            for bytes in wire.chunks(piece) {
                let (taken, more) = body.feed(bytes).unwrap();
                used += taken;
                content += more;
            }
            assert!(body.done());
            assert_eq!((used, content), (wire.len() - 3, 15), "pieces of {piece}");
        }
    }

    #[test]
    fn bad_chunks() {
        for bad in ["x\r\n", "\r\n", "1\r\nab\r\n", "-1\r\n"] {
            let mut body = Body::Chunked(Chunked::default());
            assert!(body.feed(bad.as_bytes()).is_err(), "{bad}");
        }
        let mut body = Body::Chunked(Chunked::default());
        assert!(body.feed(&[b'0'; MAX_LINE + 2]).is_err());
    }

    #[test]
    fn a_length() {
        let mut body = Body::Length(5);
        assert_eq!(body.feed(b"abc"), Ok((3, 3)));
        assert!(!body.done());
        assert_eq!(body.feed(b"defg"), Ok((2, 2)));
        assert!(body.done());
    }
}
