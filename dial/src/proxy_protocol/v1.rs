//! Version 1: one line of text.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::{Ends, Header, Malformed};

const PREFIX: &[u8] = b"PROXY ";
/// The longest line, its end included.
const LONGEST: usize = 107;

pub(super) fn parse(input: &[u8]) -> Result<Option<(Header, usize)>, Malformed> {
    let begun = input.len().min(PREFIX.len());
    if input[..begun] != PREFIX[..begun] {
        return Err(Malformed("something else comes first"));
    }
    let longest = &input[..input.len().min(LONGEST)];
    let Some(end) = longest
        .iter()
        .position(|byte| matches!(byte, b'\r' | b'\n'))
    else {
        return match input.len() < LONGEST {
            true => Ok(None),
            false => Err(Malformed("the line is too long")),
        };
    };
    match longest[end..] {
        [b'\r', b'\n', ..] => {}
        [b'\r'] if input.len() < LONGEST => return Ok(None),
        _ => return Err(Malformed("the line does not end in CRLF")),
    }
    Ok(Some((line(&input[PREFIX.len()..end])?, end + 2)))
}

/// What follows `PROXY `: a protocol, two addresses and two ports, with one space between any two.
fn line(line: &[u8]) -> Result<Header, Malformed> {
    let mut words = line.split(|byte| *byte == b' ');
    let mut word = || words.next().unwrap_or_default();
    let (protocol, source, destination) = (word(), word(), word());
    let ips = match protocol {
        // Whatever else is in the line is of no use.
        b"UNKNOWN" => return Ok(Header::default()),
        b"TCP4" => [source, destination].map(|text| ip::<Ipv4Addr>(text).map(IpAddr::V4)),
        b"TCP6" => [source, destination].map(|text| ip::<Ipv6Addr>(text).map(IpAddr::V6)),
        _ => return Err(Malformed("an unknown protocol")),
    };
    let ports = [word(), word()].map(port);
    if words.next().is_some() {
        return Err(Malformed("the line has too many words"));
    }
    match (ips, ports) {
        ([Some(source), Some(destination)], [Some(from), Some(to)]) => Ok(Header {
            source: Some(SocketAddr::new(source, from)),
            destination: Some(SocketAddr::new(destination, to)),
        }),
        _ => Err(Malformed("a bad address or port")),
    }
}

fn ip<T: FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Decimal, with neither a sign nor zeros in front.
fn port(text: &[u8]) -> Option<u16> {
    let leading_zero = text.len() > 1 && text[0] == b'0';
    if leading_zero || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

pub(super) fn write(out: &mut Vec<u8>, ends: Ends) {
    // Writing to memory does not fail.
    let _ = match ends {
        Ends::Unknown => out.write_all(b"PROXY UNKNOWN\r\n"),
        Ends::V4([source, destination], [from, to]) => {
            write!(out, "PROXY TCP4 {source} {destination} {from} {to}\r\n")
        }
        Ends::V6(ips, [from, to]) => {
            let [source, destination] = ips.map(hexadecimal);
            write!(out, "PROXY TCP6 {source} {destination} {from} {to}\r\n")
        }
    };
}

/// The text of an address in colons and hexadecimal digits alone, which is all that version 1 has for IPv6.
fn hexadecimal(ip: Ipv6Addr) -> String {
    match (ip.to_ipv4_mapped(), ip.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}"),
        // `::192.0.2.1` is how the deprecated kind of mapped address is shown (RFC 4291 §2.5.5.1).
        (None, [0, 0, 0, 0, 0, 0, high, low]) if high > 0 => format!("::{high:x}:{low:x}"),
        _ => ip.to_string(),
    }
}
