//! The head of a request or a response.

use super::MAX_HEAD;

const MAX_FIELDS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
}

/// What matters of a head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// Its bytes on the wire.
    pub(crate) len: usize,
    /// Of a response; 0 for a request.
    pub(crate) status: u16,
    /// Of a request; empty for a response.
    pub(crate) path: String,
    pub(crate) length: Option<u64>,
    pub(crate) chunked: bool,
    pub(crate) close: bool,
    /// Of a request that asks for it with `X-Echo`: its own bytes.
    pub(crate) echo: Option<Vec<u8>>,
}

impl Head {
    /// `None` until the head is whole.
    pub(crate) fn parse(kind: Kind, bytes: &[u8]) -> Result<Option<Self>, String> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut head = Self::default();
        let (status, fields, version) = match kind {
            Kind::Request => {
                let mut request = httparse::Request::new(&mut fields);
                let status = request.parse(bytes).map_err(|error| error.to_string())?;
                if status.is_complete() {
                    request.path.unwrap_or_default().clone_into(&mut head.path);
                }
                (status, request.headers, request.version)
            }
            Kind::Response => {
                let mut response = httparse::Response::new(&mut fields);
                let status = response.parse(bytes).map_err(|error| error.to_string())?;
                head.status = response.code.unwrap_or_default();
                (status, response.headers, response.version)
            }
        };
        let httparse::Status::Complete(len) = status else {
            return match bytes.len() > MAX_HEAD {
                true => Err(format!("a head of more than {MAX_HEAD} bytes")),
                false => Ok(None),
            };
        };
        if version != Some(1) {
            return Err("not HTTP/1.1".to_owned());
        }
        head.len = len;
        for field in fields {
            head.field(field.name, field.value)?;
        }
        if let Some(echo) = &mut head.echo {
            echo.extend_from_slice(&bytes[..len]);
        }
        if head.chunked && head.length.is_some() {
            return Err("both Content-Length and Transfer-Encoding".to_owned());
        }
        Ok(Some(head))
    }

    fn field(&mut self, name: &str, value: &[u8]) -> Result<(), String> {
        if name.eq_ignore_ascii_case("content-length") {
            let value = str::from_utf8(value)
                .ok()
                .and_then(|text| text.parse().ok());
            let value = value.ok_or("a bad Content-Length")?;
            if self.length.replace(value).is_some() {
                return Err("two Content-Length fields".to_owned());
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err("a Transfer-Encoding that is not chunked".to_owned());
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case("connection") {
            self.close |= value
                .split(|byte| *byte == b',')
                .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
        } else if name.eq_ignore_ascii_case("x-echo") {
            self.echo = Some(Vec::new());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 70\r\nConnection: x, Close\r\n\r\nbody";
        let head = Head::parse(Kind::Response, whole).unwrap().unwrap();
        assert_eq!(
            (head.status, head.length, head.close),
            (200, Some(70), true)
        );
        assert_eq!(head.len, whole.len() - 4);
        for cut in 0..head.len {
            assert_eq!(
                Head::parse(Kind::Response, &whole[..cut]),
                Ok(None),
                "{cut}"
            );
        }

        let whole = b"POST /a?b HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        let head = Head::parse(Kind::Request, whole).unwrap().unwrap();
        assert!(head.chunked && !head.close && head.path == "/a?b" && head.len == whole.len());
        assert_eq!(head.echo, None);
        let whole = b"GET / HTTP/1.1\r\nx-echo: 1\r\n\r\n";
        let head = Head::parse(Kind::Request, whole).unwrap().unwrap();
        assert_eq!(head.echo.as_deref(), Some(whole.as_slice()));
    }

    #[test]
    fn odd_heads() {
        for odd in [
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "ICY 200\r\n\r\n",
        ] {
            assert!(
                Head::parse(Kind::Response, odd.as_bytes()).is_err(),
                "{odd}"
            );
        }
        let long = format!("HTTP/1.1 200 OK\r\nA: {}", "a".repeat(MAX_HEAD));
        assert!(Head::parse(Kind::Response, long.as_bytes()).is_err());
    }
}
