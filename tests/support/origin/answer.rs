//! What an origin answers.

use http::StatusCode;

use crate::wire::Fields;

/// A response, built field by field or given as bytes.
#[derive(Clone, Debug)]
pub struct Answer {
    form: Form,
    close: bool,
}

#[derive(Clone, Debug)]
enum Form {
    Built {
        status: u16,
        headers: Fields,
        body: Vec<u8>,
    },
    Raw(Vec<u8>),
}

// === impl Answer ===

impl Answer {
    /// A response with `status`, no fields and no body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self::of(Form::Built {
            status,
            headers: Fields::default(),
            body: Vec::new(),
        })
    }

    /// A 200 with `body`.
    #[must_use]
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200).body(body)
    }

    /// `bytes` instead of a response, written as they are, whatever the request was.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self::of(Form::Raw(bytes.into()))
    }

    /// Appends a field; not to raw bytes.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        match &mut self.form {
            Form::Built { headers, .. } => headers.push(name, value),
            Form::Raw(_) => panic!("raw bytes are sent as they are"),
        }
        self
    }

    /// Sets the body; not of raw bytes.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        match &mut self.form {
            Form::Built { body, .. } => *body = bytes.into(),
            Form::Raw(_) => panic!("raw bytes are sent as they are"),
        }
        self
    }

    /// Closes the connection afterwards; a built response says so in `Connection: close`.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.close = true;
        self
    }

    pub(super) fn closes(&self) -> bool {
        self.close
    }

    /// The bytes that answer a request with `method`: Content-Length is stated unless a field
    /// frames the body already or the status allows none, and a HEAD gets no body.
    pub(super) fn to_bytes(&self, method: &str) -> Vec<u8> {
        let (status, headers, body) = match &self.form {
            Form::Raw(bytes) => return bytes.clone(),
            Form::Built {
                status,
                headers,
                body,
            } => (*status, headers, body),
        };
        let reason = StatusCode::from_u16(status).ok();
        let reason = reason.and_then(|status| status.canonical_reason());
        let line = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or_default());
        let mut bytes = [line.as_bytes(), &headers.to_bytes()].concat();
        let framed = headers.contains("content-length") || headers.contains("transfer-encoding");
        if !framed && status >= 200 && !matches!(status, 204 | 304) {
            bytes.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
        }
        if self.close {
            bytes.extend(b"Connection: close\r\n");
        }
        bytes.extend(b"\r\n");
        if method != "HEAD" {
            bytes.extend(body);
        }
        bytes
    }

    fn of(form: Form) -> Self {
        Self { form, close: false }
    }
}
