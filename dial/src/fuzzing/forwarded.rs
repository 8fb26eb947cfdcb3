//! `Forwarded` and `X-Forwarded-For` as they are written: they read back, by the grammar of RFC 7239 alone, as what they say.
//!
//! Inputs are those of [`sanitise`](super::sanitise()).

use std::net::IpAddr;

use http::header::HOST;

use super::input::values;
use super::sanitise::Case;
use super::strict::is_token;
use crate::config::Forwarding;

/// Any bytes, as a peer and its fields.
pub fn forwarded(data: &[u8]) {
    let mut case = Case::read(data);
    case.route.forwarding = Forwarding::Both;
    let sent = case.sanitised(&case.fields);
    let Case { peer, fields, .. } = case;
    let address = peer.addr.map(|addr| addr.ip().to_canonical());

    let lines = values(&sent, "forwarded");
    let [line] = *lines else {
        panic!("{} lines", lines.len())
    };
    // Line by line: what is within an open quote is not passed on.
    let before = values(&fields, "forwarded").into_iter().map(elements);
    let before = if peer.trusted {
        before
            .collect::<Option<Vec<_>>>()
            .map(|lines| lines.concat())
    } else {
        Some(Vec::new())
    };
    // What a trusted peer sent may be nonsense; ours is behind it all the same.
    if let Some(before) = before {
        let all = elements(line).unwrap_or_else(|| panic!("`{}`", line.escape_ascii()));
        let (own, others) = all.split_last().expect("an element of our own");
        assert_eq!(others, before);
        check_element(
            own,
            address,
            peer.https,
            fields.get(HOST).map(http::HeaderValue::as_bytes),
        );
    }

    let lines = values(&sent, "x-forwarded-for");
    assert!(
        lines.len() <= 1 || address.is_none() && peer.trusted,
        "{lines:?}"
    );
    if let Some(address) = address {
        let last = lines[0]
            .rsplit(|byte| *byte == b',')
            .next()
            .unwrap_or_default();
        let last = std::str::from_utf8(last).expect("an address").trim();
        assert_eq!(last.parse(), Ok(address));
        assert!(peer.trusted || lines[0] == last.as_bytes());
    } else if !peer.trusted {
        assert!(lines.is_empty());
    }
}

fn check_element(own: &Element, address: Option<IpAddr>, https: bool, host: Option<&[u8]>) {
    let get = |name: &str| {
        let mut named = own.iter().filter(|(known, _)| known == name);
        let (first, second) = (named.next(), named.next());
        assert!(second.is_none(), "{name} twice");
        first.map(|(_, value)| value.as_slice())
    };
    let node = std::str::from_utf8(get("for").expect("a node")).expect("text");
    let bare = node.trim_start_matches('[').trim_end_matches(']');
    match address {
        Some(IpAddr::V4(_)) => assert_eq!(node.parse().ok(), address),
        Some(IpAddr::V6(_)) => {
            assert!(node.starts_with('[') && node.ends_with(']'), "{node}");
            assert_eq!(bare.parse().ok(), address);
        }
        None => assert_eq!(node, "unknown"),
    }
    assert_eq!(
        get("proto"),
        Some(if https { &b"https"[..] } else { b"http" })
    );
    // A host that is no text is left out.
    let text = |host: &&[u8]| {
        host.iter()
            .all(|byte| *byte == b'\t' || matches!(byte, b' '..=b'~'))
    };
    assert_eq!(get("host"), host.filter(text));
    assert_eq!(own.len(), 2 + usize::from(get("host").is_some()));
}

/// Names in lower case, and values without their quotes.
type Element = Vec<(String, Vec<u8>)>;

/// RFC 7239 §4; empty elements are let pass (RFC 9110 §5.6.1).
fn elements(line: &[u8]) -> Option<Vec<Element>> {
    let (mut elements, mut rest) = (Vec::new(), line);
    loop {
        let element;
        (element, rest) = self::element(rest.trim_ascii_start())?;
        elements.extend(Some(element).filter(|element| !element.is_empty()));
        rest = match rest.trim_ascii_start() {
            [] => return Some(elements),
            [b',', rest @ ..] => rest,
            _ => return None,
        };
    }
}

/// `[ pair ] *( ";" [ pair ] )`
fn element(mut rest: &[u8]) -> Option<(Element, &[u8])> {
    let mut pairs = Vec::new();
    loop {
        let end = rest
            .iter()
            .position(|byte| b"=;, ".contains(byte))
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if let [b'=', after @ ..] = after {
            let value;
            (value, rest) = self::value(after)?;
            pairs.push((String::from_utf8_lossy(name).to_ascii_lowercase(), value));
            is_token(name).then_some(())?;
        } else {
            name.is_empty().then_some(())?;
        }
        match rest {
            [b';', after @ ..] => rest = after,
            _ => return Some((pairs, rest)),
        }
    }
}

/// A token or a quoted string.
fn value(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let [b'"', rest @ ..] = bytes else {
        let end = bytes
            .iter()
            .position(|byte| b";, ".contains(byte))
            .unwrap_or(bytes.len());
        let (token, rest) = bytes.split_at(end);
        return is_token(token).then(|| (token.to_vec(), rest));
    };
    let (mut rest, mut value) = (rest, Vec::new());
    loop {
        match rest {
            [b'"', after @ ..] => return Some((value, after)),
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}
