//! How long a message's body is (RFC 9112 §6).

use http::{Method, StatusCode, Version};

use super::encode::Decimal;
use super::head::Malformed;
use crate::fields::{Fields, Name};

/// The length of a body on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// So many bytes; 0 is no body.
    Exact(u64),
    /// In chunks.
    Chunked,
    /// Until the connection closes: responses only.
    UntilClose,
}

impl Length {
    /// How a request that dial sends frames its body; `None` needs no word about it.
    pub(crate) fn of_outgoing(method: &Method, body: &impl http_body::Body) -> Option<Self> {
        match body.size_hint().exact() {
            // Where content is expected, its absence is stated (RFC 9110 §8.6).
            Some(0) => [Method::POST, Method::PUT, Method::PATCH]
                .contains(method)
                .then_some(Self::Exact(0)),
            Some(length) => Some(Self::Exact(length)),
            None => Some(Self::Chunked),
        }
    }

    /// The length of a request's body. What is left of the framing fields in `fields` is a proper Content-Length.
    pub(crate) fn of_request(version: Version, fields: &mut Fields) -> Result<Self, Malformed> {
        match Self::declared(version, fields)? {
            Some(length) => Ok(length),
            None => Ok(Self::Exact(0)),
        }
    }

    /// The length of the body of a response to a request with `method`. What is left of the framing fields in `fields`
    /// is a proper Content-Length, which to HEAD and with 304 only tells what there would have been (RFC 9110 §8.6).
    pub(crate) fn of_response(
        method: &Method,
        status: StatusCode,
        version: Version,
        fields: &mut Fields,
    ) -> Result<Self, Malformed> {
        let length = Self::declared(version, fields)?;
        if *method == Method::HEAD || status == StatusCode::NOT_MODIFIED {
            return Ok(Self::Exact(0));
        }
        if status.is_informational() || status == StatusCode::NO_CONTENT {
            fields.remove(Name::ContentLength);
            return Ok(Self::Exact(0));
        }
        Ok(length.unwrap_or(Self::UntilClose))
    }

    /// What the fields say, if they say anything.
    fn declared(version: Version, fields: &mut Fields) -> Result<Option<Self>, Malformed> {
        let chunked = is_chunked(version, fields)?;
        let length = content_length(fields)?;
        match (chunked, length) {
            // RFC 9112 §6.3: a sign of smuggling. A response may not have both either.
            (true, Some(_)) => Err(Malformed::Framing(
                "both Transfer-Encoding and Content-Length",
            )),
            (true, None) => {
                fields.remove(Name::TransferEncoding);
                Ok(Some(Self::Chunked))
            }
            (false, Some(length)) => {
                // Whoever reads it sees the number that was understood.
                let number = Decimal::of(length);
                if fields.values(Name::ContentLength).next() != Some(number.digits()) {
                    fields.set(Name::ContentLength, number.digits());
                }
                Ok(Some(Self::Exact(length)))
            }
            (false, None) => Ok(None),
        }
    }
}

/// Whether the one coding is `chunked`. No other coding is understood, and none twice (RFC 9112 §6.1).
fn is_chunked(version: Version, fields: &Fields) -> Result<bool, Malformed> {
    let mut lines = fields.values(Name::TransferEncoding);
    let Some(codings) = lines.next() else {
        return Ok(false);
    };
    if version < Version::HTTP_11 {
        return Err(Malformed::Framing("Transfer-Encoding in HTTP/1.0"));
    }
    if lines.next().is_some() {
        return Err(Malformed::Framing("more than one Transfer-Encoding"));
    }
    if codings.eq_ignore_ascii_case(b"chunked") {
        return Ok(true);
    }
    let last = codings
        .rsplit(|byte| *byte == b',')
        .next()
        .unwrap_or_default();
    match last.trim_ascii().eq_ignore_ascii_case(b"chunked") && !codings.starts_with(b",") {
        // A coding before chunked that nobody here can undo.
        true => Err(Malformed::Coding),
        false => Err(Malformed::Framing(
            "chunked is not the last Transfer-Encoding",
        )),
    }
}

/// The one length. Several, even if they agree, are not worth the risk (RFC 9112 §6.3).
fn content_length(fields: &Fields) -> Result<Option<u64>, Malformed> {
    let mut lines = fields.values(Name::ContentLength);
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(Malformed::Framing("more than one Content-Length"));
    }
    parse_length(line).map(Some)
}

/// `1*DIGIT`: no sign, no list. Zeros in front are let pass, for the number is written anew.
fn parse_length(digits: &[u8]) -> Result<u64, Malformed> {
    const BAD: Malformed = Malformed::Framing("a bad Content-Length");
    if digits.is_empty() {
        return Err(BAD);
    }
    digits.iter().try_fold(0u64, |length, digit| match digit {
        b'0'..=b'9' => length
            .checked_mul(10)
            .and_then(|length| length.checked_add(u64::from(digit - b'0')))
            .ok_or(BAD),
        _ => Err(BAD),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&str, &str)]) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in lines {
            fields.read(name.as_bytes(), value.as_bytes());
        }
        fields
    }

    fn text(fields: &Fields, name: Name) -> Option<&str> {
        let value = fields.values(name).next();
        value.map(|value| std::str::from_utf8(value).unwrap())
    }

    const CL: &str = "content-length";
    const TE: &str = "transfer-encoding";

    #[test]
    fn requests() {
        let good: &[(&[(&str, &str)], Length)] = &[
            (&[], Length::Exact(0)),
            (&[(CL, "0")], Length::Exact(0)),
            (&[(CL, "0005")], Length::Exact(5)),
            (&[(CL, "18446744073709551615")], Length::Exact(u64::MAX)),
            (&[(TE, "chunked")], Length::Chunked),
            (&[(TE, "Chunked")], Length::Chunked),
        ];
        for (lines, expected) in good {
            let mut fields = read(lines);
            let length = Length::of_request(Version::HTTP_11, &mut fields);
            assert_eq!(length, Ok(*expected), "{lines:?}");
            let stated = match length {
                Ok(Length::Exact(length)) if !lines.is_empty() => Some(length.to_string()),
                _ => None,
            };
            let left = text(&fields, Name::ContentLength);
            assert_eq!(left, stated.as_deref(), "{lines:?}");
            assert!(!fields.has(Name::TransferEncoding), "{lines:?}");
        }
        let bad: &[&[(&str, &str)]] = &[
            &[(CL, "")],
            &[(CL, "+5")],
            &[(CL, "-5")],
            &[(CL, "5, 5")],
            &[(CL, "5,5")],
            &[(CL, "0x5")],
            &[(CL, "5 5")],
            &[(CL, "18446744073709551616")],
            &[(CL, "5"), (CL, "5")],
            &[(CL, "5"), (CL, "6")],
            &[(CL, "5"), (TE, "chunked")],
            &[(TE, "chunked"), (TE, "chunked")],
            &[(TE, "chunked"), (TE, "identity")],
            &[(TE, "chunked, identity")],
            &[(TE, "identity")],
            &[(TE, "")],
            &[(TE, ",chunked")],
            &[(TE, "chunked,")],
            &[(TE, "xchunked")],
            &[(TE, "chunked;q=1")],
        ];
        for fields in bad {
            let length = Length::of_request(Version::HTTP_11, &mut read(fields));
            assert!(
                matches!(length, Err(Malformed::Framing(_))),
                "{fields:?}: {length:?}"
            );
        }
        let unknown = Length::of_request(Version::HTTP_11, &mut read(&[(TE, "gzip, chunked")]));
        assert_eq!(unknown, Err(Malformed::Coding));
        let old = Length::of_request(Version::HTTP_10, &mut read(&[(TE, "chunked")]));
        assert!(matches!(old, Err(Malformed::Framing(_))));
    }

    #[test]
    fn responses() {
        type Row<'a> = (
            Method,
            u16,
            &'a [(&'a str, &'a str)],
            Length,
            Option<&'a str>,
        );
        let rows: &[Row<'_>] = &[
            (Method::GET, 200, &[], Length::UntilClose, None),
            (
                Method::GET,
                200,
                &[("content-length", "07")],
                Length::Exact(7),
                Some("7"),
            ),
            (
                Method::GET,
                200,
                &[("transfer-encoding", "chunked")],
                Length::Chunked,
                None,
            ),
            (
                Method::HEAD,
                200,
                &[("content-length", "7")],
                Length::Exact(0),
                Some("7"),
            ),
            (
                Method::HEAD,
                200,
                &[("transfer-encoding", "chunked")],
                Length::Exact(0),
                None,
            ),
            (Method::HEAD, 200, &[], Length::Exact(0), None),
            (
                Method::GET,
                304,
                &[("content-length", "7")],
                Length::Exact(0),
                Some("7"),
            ),
            (
                Method::GET,
                204,
                &[("content-length", "7")],
                Length::Exact(0),
                None,
            ),
            (
                Method::GET,
                103,
                &[("content-length", "7")],
                Length::Exact(0),
                None,
            ),
        ];
        for (method, status, fields, expected, kept) in rows {
            let mut left = read(fields);
            let status = StatusCode::from_u16(*status).unwrap();
            let length = Length::of_response(method, status, Version::HTTP_11, &mut left);
            assert_eq!(length, Ok(*expected), "{method} {status} {fields:?}");
            assert_eq!(
                text(&left, Name::ContentLength),
                *kept,
                "{method} {status} {fields:?}"
            );
            assert!(!left.has(Name::TransferEncoding));
        }
    }
}
