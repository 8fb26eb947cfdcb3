//! Chunked bodies (RFC 9112 §7.1): strict about line ends and sizes, so that no two readers disagree where one ends.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::head::Malformed;
use super::{MAX_CHUNK_LINE, MAX_EXTENSIONS, MAX_TRAILERS, has_bare_lf};
use crate::fields::may_trail;

/// The most trailer fields.
const MAX_FIELDS: usize = 64;
const BAD: Malformed = Malformed::Framing("a malformed chunk");

/// Where in a chunked body the next byte is.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    state: State,
    /// Bytes of chunk lines that were no size: extensions, which nobody reads.
    extensions: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before a chunk line.
    #[default]
    Line,
    /// In data, with so many bytes left.
    Data(u64),
    /// Before the line end behind data.
    DataEnd,
    /// Before or in the trailer section.
    Trailers,
    /// Behind the body.
    End,
}

/// What the next bytes of a chunked body are.
#[derive(Debug, PartialEq)]
pub(crate) enum Chunk {
    /// Framing of so many bytes, to be skipped.
    Skip(usize),
    /// Data: so many of the bytes at hand.
    Data(usize),
    /// The end of the body, with those trailers that may be passed on, after so many bytes.
    End(usize, Option<HeaderMap>),
    /// More bytes are needed.
    Partial,
}

impl Decoder {
    /// Says what the bytes at the beginning of `input` are; they are taken as consumed.
    pub(crate) fn next(&mut self, input: &[u8]) -> Result<Chunk, Malformed> {
        match self.state {
            State::Line => self.line(input),
            State::Data(left) => {
                if input.is_empty() {
                    return Ok(Chunk::Partial);
                }
                let take = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
                self.state = match left - take as u64 {
                    0 => State::DataEnd,
                    left => State::Data(left),
                };
                Ok(Chunk::Data(take))
            }
            State::DataEnd => match input {
                [b'\r', b'\n', ..] => {
                    self.state = State::Line;
                    Ok(Chunk::Skip(2))
                }
                [] | [b'\r'] => Ok(Chunk::Partial),
                _ => Err(BAD),
            },
            State::Trailers => self.trailers(input),
            State::End => Ok(Chunk::End(0, None)),
        }
    }

    /// `chunk-size [ chunk-ext ] CRLF`. Extensions are read over.
    fn line(&mut self, input: &[u8]) -> Result<Chunk, Malformed> {
        let Some(end) = input.iter().position(|byte| *byte == b'\n') else {
            return match input.len() < MAX_CHUNK_LINE {
                true => Ok(Chunk::Partial),
                false => Err(Malformed::Framing("a chunk line is too long")),
            };
        };
        if end >= MAX_CHUNK_LINE {
            return Err(Malformed::Framing("a chunk line is too long"));
        }
        let line = input[..end].strip_suffix(b"\r").ok_or(BAD)?;
        self.extensions += line
            .iter()
            .skip_while(|byte| byte.is_ascii_hexdigit())
            .count();
        if self.extensions > MAX_EXTENSIONS {
            return Err(Malformed::Framing("too much in chunk extensions"));
        }
        self.state = match parse_size(line)? {
            0 => State::Trailers,
            size => State::Data(size),
        };
        Ok(Chunk::Skip(end + 1))
    }

    fn trailers(&mut self, input: &[u8]) -> Result<Chunk, Malformed> {
        match input {
            [b'\r', b'\n', ..] => {
                self.state = State::End;
                return Ok(Chunk::End(2, None));
            }
            [] | [b'\r'] => return Ok(Chunk::Partial),
            _ => {}
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        match httparse::parse_headers(input, &mut fields) {
            Ok(httparse::Status::Complete((used, _))) if has_bare_lf(&input[..used]) => Err(BAD),
            Ok(httparse::Status::Complete((used, fields))) if used <= MAX_TRAILERS => {
                let mut trailers = HeaderMap::with_capacity(fields.len());
                for field in fields {
                    let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| BAD)?;
                    let value = HeaderValue::from_bytes(field.value).map_err(|_| BAD)?;
                    if may_trail(&name) {
                        trailers.append(name, value);
                    }
                }
                self.state = State::End;
                Ok(Chunk::End(used, (!trailers.is_empty()).then_some(trailers)))
            }
            Ok(httparse::Status::Partial) if input.len() < MAX_TRAILERS => Ok(Chunk::Partial),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => {
                Err(Malformed::Framing("the trailers are too long"))
            }
            Err(_) => Err(BAD),
        }
    }
}

/// Hexadecimal digits, then nothing or an extension without control characters.
fn parse_size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let (digits, rest) = line.split_at(digits);
    if digits.is_empty() {
        return Err(BAD);
    }
    // White space before an extension is bad but harmless (§7.1.1); without an extension it is not let pass.
    let extension = rest.trim_ascii_start();
    let extension_ok = rest.is_empty()
        || extension.first() == Some(&b';')
            && rest
                .iter()
                .all(|byte| *byte == b'\t' || !byte.is_ascii_control());
    if !extension_ok {
        return Err(BAD);
    }
    digits.iter().try_fold(0u64, |size, digit| {
        let value = char::from(*digit).to_digit(16).ok_or(BAD)?;
        // One bit is kept free, so that no sum of a size and its line end overflows.
        match size >> 59 {
            0 => Ok(size << 4 | u64::from(value)),
            _ => Err(Malformed::Framing("a chunk is too large")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body, its trailers, and the bytes they had.
    type Decoded = (Vec<u8>, Option<HeaderMap>, usize);

    /// Decodes `input` cut into pieces of `step` bytes; `None` if it does not come to its end.
    fn decode(input: &[u8], step: usize) -> Result<Option<Decoded>, Malformed> {
        let mut decoder = Decoder::default();
        let mut body = Vec::new();
        let mut at = 0;
        let mut there = step.min(input.len());
        loop {
            match decoder.next(&input[at..there])? {
                Chunk::Skip(bytes) => at += bytes,
                Chunk::Data(bytes) => {
                    body.extend(&input[at..at + bytes]);
                    at += bytes;
                }
                Chunk::End(bytes, trailers) => {
                    assert_eq!(decoder.state, State::End);
                    return Ok(Some((body, trailers, at + bytes)));
                }
                Chunk::Partial if there == input.len() => return Ok(None),
                Chunk::Partial => there = (there + step).min(input.len()),
            }
        }
    }

    #[test]
    fn good_bodies_however_they_are_cut() {
        let rows: &[(&str, &str, usize)] = &[
            ("0\r\n\r\n", "", 0),
            ("5\r\nhello\r\n0\r\n\r\n", "hello", 0),
            (
                "5;a=b\r\nhello\r\n1 ;x=\"y\"\r\n!\r\n00\r\n\r\n",
                "hello!",
                0,
            ),
            (
                "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
                "01234567890123456789",
                0,
            ),
            ("0\r\nX-Sum: 1\r\nX-B: 2\r\n\r\n", "", 2),
            ("5\r\n\r\n\r\n\r\r\n0\r\n\r\n", "\r\n\r\n\r", 0),
        ];
        for (input, expected, trailers) in rows {
            for step in 1..=input.len() {
                let rest = format!("{input}GET /next");
                let decoded = decode(rest.as_bytes(), step).unwrap().unwrap();
                assert_eq!(decoded.0, expected.as_bytes(), "{input:?} by {step}");
                assert_eq!(
                    decoded.1.map_or(0, |map| map.len()),
                    *trailers,
                    "{input:?} by {step}"
                );
                assert_eq!(decoded.2, input.len(), "{input:?} by {step}");
            }
        }
    }

    #[test]
    fn bad_bodies_however_they_are_cut() {
        let rows = [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "+1\r\na\r\n",
            "0x1\r\na\r\n",
            " 1\r\na\r\n",
            "1 \r\na\r\n",
            "1\na\r\n0\r\n\r\n",
            "1\r\na0\r\n\r\n",
            "1\r\nab\r\n0\r\n\r\n",
            "1\r\na\n0\r\n\r\n",
            "1;\0\r\na\r\n0\r\n\r\n",
            "1;a\rb\r\na\r\n0\r\n\r\n",
            "10000000000000000\r\n",
            "1000000000000000000\r\n",
            "0\r\nbad name: x\r\n\r\n",
            "0\r\nname : x\r\n\r\n",
            "0\r\nx: a\r\n b\r\n\r\n",
            "0\r\n\n",
            "0\r\nx: a\n\r\n",
            "0\r\nx: a\r\n\n",
        ];
        for input in rows {
            for step in 1..=input.len() {
                let decoded = decode(input.as_bytes(), step);
                assert!(
                    matches!(decoded, Err(Malformed::Framing(_))),
                    "{input:?} by {step}: {decoded:?}"
                );
            }
        }
    }

    #[test]
    fn lines_and_trailers_are_bounded() {
        let line = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(MAX_CHUNK_LINE));
        assert!(decode(line.as_bytes(), 1000).is_err());
        assert!(decode(&line.as_bytes()[..MAX_CHUNK_LINE], 1000).is_err());
        let extended = format!("1;{}\r\na\r\n", "x".repeat(1000));
        let few = extended.repeat(MAX_EXTENSIONS / 1001) + "0\r\n\r\n";
        assert!(decode(few.as_bytes(), 1000).is_ok());
        let many = extended.repeat(MAX_EXTENSIONS / 1001 + 1) + "0\r\n\r\n";
        assert!(decode(many.as_bytes(), 1000).is_err());
        let trailer = format!("0\r\nx: {}\r\n\r\n", "y".repeat(MAX_TRAILERS));
        assert!(decode(trailer.as_bytes(), 1000).is_err());
        assert!(decode(&trailer.as_bytes()[..MAX_TRAILERS + 8], 1000).is_err());
        let many = format!("0\r\n{}\r\n", "x: y\r\n".repeat(MAX_FIELDS + 1));
        assert!(decode(many.as_bytes(), 1000).is_err());
    }
}
