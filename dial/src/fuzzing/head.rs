//! Heads: what comes of one does not depend on how it is cut, and what dial takes it writes so that it means the same.

use std::fmt;

use http::header::HeaderMap;
use http::uri::{Authority, PathAndQuery};
use http::{Method, Version};

use super::input::Dice;
use super::strict::{self, Field};
use crate::fields::Name;
use crate::h1::{
    Asks, HeadLimits, Length, Malformed, RequestHead, ResponseHead, request_head, response_head,
};

/// What a connection allows, and so little that an input of the fuzzer's reaches it.
const LIMITS: [HeadLimits; 2] = [
    HeadLimits {
        line: 16 * 1024,
        bytes: 64 * 1024,
        fields: 128,
    },
    HeadLimits {
        line: 64,
        bytes: 256,
        fields: 6,
    },
];
/// For what dial wrote itself: nothing about it is too large.
const WIDE: HeadLimits = HeadLimits {
    line: 1 << 20,
    bytes: 1 << 21,
    fields: 256,
};
/// Up to so many bytes are cut at each place; beyond, at as many by chance.
const CUTS: usize = 128;

/// Any bytes, as the head of a request and as that of a response.
pub fn head(data: &[u8]) {
    for limits in &LIMITS {
        let parse = |input: &[u8]| RequestHead::parse(input, limits);
        if let Some((head, used)) = whole(data, parse) {
            check_request(&head, &data[..used]);
        }
        let parse = |input: &[u8]| ResponseHead::parse(input, limits);
        if let Some((head, used)) = whole(data, parse) {
            check_response(&head, &data[..used]);
        }
    }
}

/// What the whole input is, and the same of every piece that holds enough of it.
fn whole<T: fmt::Debug>(
    data: &[u8],
    parse: impl Fn(&[u8]) -> Result<Option<(T, usize)>, Malformed>,
) -> Option<(T, usize)> {
    let expected = parse(data);
    let mut dice = Dice::of(data);
    for at in 0..data.len().min(CUTS) {
        let cut = if data.len() <= CUTS {
            at
        } else {
            dice.below(data.len())
        };
        let piece = parse(&data[..cut]);
        match (&expected, &piece) {
            (Ok(Some((head, used))), Ok(Some((part, part_used)))) => {
                assert_eq!(used, part_used);
                assert_eq!(format!("{head:?}"), format!("{part:?}"), "cut at {cut}");
            }
            (Ok(Some((_, used))), _) if *used <= cut => {
                panic!("whole, but not cut at {cut}: {piece:?}")
            }
            // What has not come yet can change the reason, not the verdict.
            (_, Ok(None)) | (Err(_), Err(Malformed::Line | Malformed::Head)) => {}
            (Err(bad), Err(early)) if bad == early || !data[..cut].contains(&b'\n') => {}
            _ => panic!(
                "cut at {cut} of {}: {piece:?}, whole: {expected:?}",
                data.len()
            ),
        }
    }
    expected.ok().flatten()
}

fn check_request(head: &RequestHead, bytes: &[u8]) {
    let known = second_reading(bytes, strict::request);
    assert_eq!(known.method, head.method.as_str());
    assert_eq!(known.minor == 0, head.version == Version::HTTP_10);
    check_fields(
        &head.fields.to_map(),
        &known.fields,
        &["host", "content-length", "transfer-encoding"],
    );
    check_host(head, &known);
    let framed = strict::framing(&known.fields).expect("a framing that cannot be misread");
    assert_eq!(
        head.length,
        length(framed.unwrap_or(strict::Framing::Exact(0)))
    );

    let authority = head.uri.authority().map(Authority::as_str);
    let target = head.uri.path_and_query().map(PathAndQuery::as_str);
    let target = authority.or(target).expect("a target");
    let mut fields = head.fields.clone();
    let told = fields.has(Name::ContentLength) || head.length == Length::Chunked;
    fields.remove(Name::ContentLength);
    // HTTP/1.0 does without; what is written is HTTP/1.1.
    let host = fields
        .values(Name::Host)
        .next()
        .unwrap_or_default()
        .to_vec();
    fields.remove(Name::Host);
    let mut out = Vec::new();
    request_head(
        &mut out,
        (&head.method, target),
        &host,
        &fields,
        told.then_some(head.length),
        Asks::default(),
    );
    let (again, used) = RequestHead::parse(&out, &WIDE)
        .expect("dial reads what it wrote")
        .expect("a whole head");
    assert_eq!(used, out.len());
    assert_eq!((&again.method, &again.uri), (&head.method, &head.uri));
    assert_eq!(again.length, head.length);
    let mut read = again.fields;
    let stated = told && head.length != Length::Chunked;
    assert_eq!(read.has(Name::ContentLength), stated);
    read.remove(Name::ContentLength);
    assert_eq!(read.values(Name::Host).collect::<Vec<_>>(), [&*host]);
    read.remove(Name::Host);
    assert_eq!(read.to_map(), fields.to_map());
    let known = second_reading(&out, strict::request);
    assert_eq!(known.target, target.as_bytes());
}

/// Exactly one Host, unless it is HTTP/1.0; that of an absolute target; nothing in it but a host and a port.
fn check_host(head: &RequestHead, known: &strict::Request) {
    let hosts: Vec<_> = head.fields.values(Name::Host).collect();
    let sent = strict::all(&known.fields, "host");
    let target = String::from_utf8_lossy(&known.target);
    let absolute = target
        .split_once("://")
        .filter(|_| !target.starts_with('/'));
    let absolute = absolute.map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    let [host] = *hosts else {
        assert!(
            hosts.is_empty() && head.version == Version::HTTP_10,
            "{hosts:?}"
        );
        return;
    };
    match absolute {
        Some(authority) => assert_eq!(host, authority.as_bytes()),
        None => assert_eq!([host], *sent),
    }
    let stray = |byte: &u8| !byte.is_ascii_graphic() || b"@/\\?#,\"<>{}|^`".contains(byte);
    assert!(!host.iter().any(stray), "Host: {}", host.escape_ascii());
    if !host.starts_with(b"[") {
        let mut parts = host.splitn(2, |byte| *byte == b':');
        assert!(parts.next().is_some_and(|name| !name.is_empty()) || host.is_empty());
        assert!(
            parts
                .next()
                .unwrap_or_default()
                .iter()
                .all(u8::is_ascii_digit)
        );
    }
    let target = head.uri.path_and_query().map_or("", PathAndQuery::as_str);
    let is_origin = target.starts_with('/');
    assert!(
        is_origin
            || head.method == Method::CONNECT
            || (target == "*" && head.method == Method::OPTIONS)
    );
}

fn check_response(head: &ResponseHead, bytes: &[u8]) {
    // A status line may lack its reason, and be of HTTP/1.0.
    let known = second_reading(bytes, |bytes| {
        let end = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(0);
        let status = bytes.get(9..12).unwrap_or_default();
        let line = [b"HTTP/1.1 ", status, b" ", &bytes[end..]].concat();
        strict::response(&line)
    });
    assert_eq!(known.status, head.status.as_u16());
    check_fields(&head.fields.to_map(), &known.fields, &[]);
    for method in [Method::GET, Method::HEAD] {
        let mut fields = head.fields.clone();
        let length = Length::of_response(&method, head.status, head.version, &mut fields);
        let Ok(length) = length else { continue };
        let framed = strict::framing(&known.fields).expect("a framing that cannot be misread");
        if let (Length::Exact(1..) | Length::Chunked, framed) = (length, framed) {
            assert_eq!(Some(length), framed.map(self::length));
        }
        fields.remove(Name::ContentLength);
        let mut out = Vec::new();
        response_head(&mut out, head.status, &fields, Some(length), None);
        let (again, used) = ResponseHead::parse(&out, &WIDE)
            .expect("dial reads what it wrote")
            .expect("a whole head");
        assert_eq!((used, again.status), (out.len(), head.status));
        second_reading(&out, strict::response);
        let mut read = again.fields;
        let reread = Length::of_response(&Method::GET, head.status, Version::HTTP_11, &mut read);
        if !head.status.is_informational() && !matches!(head.status.as_u16(), 204 | 304) {
            assert_eq!(reread, Ok(length));
        }
        read.remove(Name::ContentLength);
        assert_eq!(read.to_map(), fields.to_map());
    }
}

/// What the other reader makes of a head that dial took, without the empty lines in front (RFC 9112 §2.2).
fn second_reading<T>(bytes: &[u8], read: impl Fn(&[u8]) -> strict::Read<T>) -> T {
    let mut rest = bytes;
    while let [b'\r', b'\n', after @ ..] = rest {
        rest = after;
    }
    read(rest).unwrap_or_else(|fault| panic!("{fault:?} in `{}`", bytes.escape_ascii()))
}

/// The same fields in the same order within each name; those in `but` are dial's to change.
fn check_fields(headers: &HeaderMap, known: &[Field], but: &[&str]) {
    let count = known
        .iter()
        .filter(|(name, _)| !but.contains(&name.as_str()))
        .count();
    let kept = headers
        .iter()
        .filter(|(name, _)| !but.contains(&name.as_str()))
        .count();
    assert_eq!(count, kept);
    for (name, _) in known
        .iter()
        .filter(|(name, _)| !but.contains(&name.as_str()))
    {
        assert_eq!(
            strict::all(known, name),
            super::input::values(headers, name),
            "{name}"
        );
    }
}

fn length(framing: strict::Framing) -> Length {
    match framing {
        strict::Framing::Exact(length) => Length::Exact(length),
        strict::Framing::Chunked => Length::Chunked,
        strict::Framing::UntilClose => Length::UntilClose,
    }
}
