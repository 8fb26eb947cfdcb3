//! Versions of HTTP in first lines (RFC 9110 §2.5, RFC 9112 §2.3).

use http::Version;

/// The version with this minor number, which has been read as 0 or 1.
pub(super) fn known(minor: u8) -> Version {
    match minor {
        0 => Version::HTTP_10,
        _ => Version::HTTP_11,
    }
}

/// A later minor version is to be read as the latest that is known here: the same bytes, with that one `at` its place.
/// `error` is what became of reading them as they are.
pub(super) fn as_http_11(
    error: httparse::Error,
    at: Option<usize>,
    input: &[u8],
) -> Option<Vec<u8>> {
    let at = at.filter(|_| error == httparse::Error::Version)?;
    match input.get(at..)? {
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9', ..] => {
            let mut input = input.to_vec();
            input[at + "HTTP/1.".len()] = b'1';
            Some(input)
        }
        _ => None,
    }
}

/// Where a request line has its version.
pub(super) fn in_request(input: &[u8]) -> Option<usize> {
    let line = first_line(input);
    line.iter().rposition(|byte| *byte == b' ').map(|at| at + 1)
}

/// Whether a request line is right but for a version that is not spoken here; anything else is just malformed.
pub(super) fn is_another(input: &[u8]) -> bool {
    let mut words = first_line(input).split(|byte| *byte == b' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(_), Some(_), Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None) => {
            major.is_ascii_digit() && minor.is_ascii_digit()
        }
        _ => false,
    }
}

/// Without the empty lines in front, which no caller leaves there.
fn first_line(input: &[u8]) -> &[u8] {
    let line = input.split(|byte| *byte == b'\n').next();
    line.unwrap_or_default().trim_ascii_end()
}
