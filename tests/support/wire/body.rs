//! Where a body ends, RFC 9112 §6.3, and reading it piece by piece.

use tokio::io::AsyncRead;

use super::{Ending, Fault, Fields, Wire};

/// What tells the end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// That many bytes are left; none when there is no body.
    Length(u64),
    /// That many bytes are left of the present chunk, or a chunk is to start.
    Chunked(u64),
    /// The end of the connection.
    Close,
}

impl Framing {
    /// How a request with `fields` frames its body.
    pub(crate) fn of_request(fields: &Fields) -> Result<Self, Fault> {
        Ok(Self::stated(fields)?.unwrap_or(Self::Length(0)))
    }

    /// How the response with `status` and `fields` to a request with `method` frames its body.
    pub(crate) fn of_response(method: &str, status: u16, fields: &Fields) -> Result<Self, Fault> {
        let stated = Self::stated(fields)?;
        let switched = status == 101 || (method == "CONNECT" && (200..300).contains(&status));
        let bodiless = method == "HEAD" || status < 200 || matches!(status, 204 | 304);
        if bodiless || switched {
            return Ok(Self::Length(0));
        }
        Ok(stated.unwrap_or(Self::Close))
    }

    fn stated(fields: &Fields) -> Result<Option<Self>, Fault> {
        let codings = fields.all("transfer-encoding");
        match (&codings[..], &fields.all("content-length")[..]) {
            ([], []) => Ok(None),
            ([], [length]) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                match length.parse() {
                    Ok(length) => Ok(Some(Self::Length(length))),
                    Err(_) => Fault::malformed(format!("Content-Length \"{length}\"")),
                }
            }
            ([coding], []) if coding.eq_ignore_ascii_case("chunked") => Ok(Some(Self::Chunked(0))),
            (codings, lengths) => Fault::malformed(format!(
                "Transfer-Encoding {codings:?} with Content-Length {lengths:?}"
            )),
        }
    }
}

/// A body being read.
#[derive(Debug)]
pub(crate) struct Pieces {
    framing: Framing,
    /// The trailers of a chunked body, once its end has been read.
    pub(crate) trailers: Fields,
}

impl Pieces {
    pub(crate) fn new(framing: Framing) -> Self {
        Self {
            framing,
            trailers: Fields::default(),
        }
    }

    /// The next piece of the body, as soon as a byte of it is there, or `None` at its end.
    pub(crate) async fn next<S>(&mut self, wire: &mut Wire<S>) -> Result<Option<Vec<u8>>, Fault>
    where
        S: AsyncRead + Unpin,
    {
        match self.framing {
            Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                let (piece, left) = some(wire, left).await?;
                self.framing = Framing::Length(left);
                Ok(Some(piece))
            }
            Framing::Chunked(left) => self.chunked(wire, left).await,
            Framing::Close => match wire.some(usize::MAX).await {
                Ok(piece) => Ok(Some(piece)),
                Err(Fault::Ended(Ending::Closed)) => Ok(None),
                Err(fault) => Err(fault),
            },
        }
    }

    /// Reads the rest of the body.
    pub(crate) async fn rest<S>(
        &mut self,
        wire: &mut Wire<S>,
        into: &mut Vec<u8>,
    ) -> Result<(), Fault>
    where
        S: AsyncRead + Unpin,
    {
        while let Some(piece) = self.next(wire).await? {
            into.extend(piece);
        }
        Ok(())
    }

    async fn chunked<S>(&mut self, wire: &mut Wire<S>, left: u64) -> Result<Option<Vec<u8>>, Fault>
    where
        S: AsyncRead + Unpin,
    {
        let left = if left > 0 {
            left
        } else {
            chunk_size(wire).await?
        };
        if left == 0 {
            self.trailers = trailers(wire).await?;
            self.framing = Framing::Length(0);
            return Ok(None);
        }
        let (piece, left) = some(wire, left).await?;
        if left == 0 && wire.exact(2).await? != b"\r\n" {
            return Fault::malformed("no CRLF after a chunk");
        }
        self.framing = Framing::Chunked(left);
        Ok(Some(piece))
    }
}

/// Reads some of the `left` bytes; says how many are left then.
async fn some<S>(wire: &mut Wire<S>, left: u64) -> Result<(Vec<u8>, u64), Fault>
where
    S: AsyncRead + Unpin,
{
    let most = usize::try_from(left).unwrap_or(usize::MAX);
    let piece = wire.some(most).await?;
    let left = left - piece.len() as u64;
    Ok((piece, left))
}

async fn chunk_size<S: AsyncRead + Unpin>(wire: &mut Wire<S>) -> Result<u64, Fault> {
    let line = wire.until(b"\r\n").await?;
    let text = line[..line.len() - 2].escape_ascii().to_string();
    let size = text.split(';').next().unwrap_or_default();
    if size.is_empty() || !size.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Fault::malformed(format!("chunk size \"{text}\""));
    }
    u64::from_str_radix(size, 16).or_else(|_| Fault::malformed(format!("chunk size \"{text}\"")))
}

async fn trailers<S: AsyncRead + Unpin>(wire: &mut Wire<S>) -> Result<Fields, Fault> {
    let mut section = Vec::new();
    while !section.ends_with(b"\r\n\r\n") && section != b"\r\n" {
        section.extend(wire.until(b"\r\n").await?);
    }
    Fields::parse(&section)
}
