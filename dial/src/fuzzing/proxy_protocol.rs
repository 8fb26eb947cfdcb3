//! PROXY protocol headers: what comes of one does not depend on how it is cut, says what its bytes say, and reads back the
//! same in either version.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::ProxyProtocol;
use crate::proxy_protocol::{Header, parse, write};

/// The signature of version 2.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Any bytes, as what a connection begins with; and as two addresses.
pub fn proxy_protocol(data: &[u8]) {
    let whole = parse(data);
    for cut in 0..data.len().min(600) {
        let piece = parse(&data[..cut]);
        match (&whole, &piece) {
            (Ok(Some((_, used))), Ok(None)) => assert!(cut < *used, "whole, but not cut at {cut}"),
            (Ok(Some((_, used))), Ok(Some(_))) => assert!(*used <= cut && whole == piece),
            (Ok(None) | Err(_), Ok(None)) | (Err(_), Err(_)) => {}
            _ => panic!("cut at {cut}: {piece:?}, whole: {whole:?}"),
        }
    }
    if let Ok(Some((header, used))) = whole {
        let bytes = &data[..used];
        let known = match bytes.strip_prefix(SIGNATURE) {
            Some(rest) => second_reading_v2(rest),
            None => second_reading_v1(bytes),
        };
        assert_eq!(known, Some((header.source, header.destination)));
        check_written(header.source, header.destination);
    }
    let (source, destination) = data.split_at(data.len() / 2);
    check_written(address(source), address(destination));
}

/// An address of some bytes; none if there are too few.
fn address(bytes: &[u8]) -> Option<SocketAddr> {
    let (port, rest) = bytes.split_first_chunk::<2>()?;
    let ip: IpAddr = match rest.first_chunk::<16>() {
        Some(octets) => Ipv6Addr::from(*octets).into(),
        None => Ipv4Addr::from(*rest.first_chunk::<4>()?).into(),
    };
    Some(SocketAddr::new(ip, u16::from_be_bytes(*port)))
}

/// Both versions say the same two addresses, or that there are none.
fn check_written(source: Option<SocketAddr>, destination: Option<SocketAddr>) {
    let plain = |addr: SocketAddr| (addr.ip().to_canonical(), addr.port());
    let expected = source.zip(destination).map(|(a, b)| (plain(a), plain(b)));
    for version in [ProxyProtocol::V1, ProxyProtocol::V2] {
        let mut out = Vec::new();
        write(version, &mut out, source, destination);
        let behind = [out.as_slice(), b"GET / HTTP/1.1\r\n"].concat();
        let (
            Header {
                source,
                destination,
            },
            used,
        ) = parse(&behind)
            .expect("dial reads what it wrote")
            .expect("a whole header");
        assert_eq!(used, out.len());
        let read = source.zip(destination).map(|(a, b)| (plain(a), plain(b)));
        assert_eq!(read, expected, "{}", out.escape_ascii());
        if version == ProxyProtocol::V1 {
            assert!(out.len() <= 107 && out.is_ascii());
        }
    }
}

type Two = (Option<SocketAddr>, Option<SocketAddr>);

/// `PROXY TCP4 192.0.2.1 192.0.2.2 1 2` and CRLF.
fn second_reading_v1(bytes: &[u8]) -> Option<Two> {
    let line = std::str::from_utf8(bytes)
        .ok()
        .filter(|_| bytes.len() <= 107);
    // The rest of an UNKNOWN line may be anything.
    if bytes.starts_with(b"PROXY UNKNOWN\r\n") || bytes.starts_with(b"PROXY UNKNOWN ") {
        return bytes.ends_with(b"\r\n").then_some((None, None));
    }
    let words: Vec<_> = line?.strip_suffix("\r\n")?.split(' ').collect();
    let ["PROXY", family, source, destination, from, to] = *words else {
        return None;
    };
    let address = |ip: &str, port: &str| {
        let ip: IpAddr = ip.parse().ok()?;
        let number: u16 = port.parse().ok()?;
        let fits = number.to_string() == port && ip.is_ipv4() == (family == "TCP4");
        fits.then_some(SocketAddr::new(ip, number))
    };
    let known = matches!(family, "TCP4" | "TCP6");
    known.then_some((
        Some(address(source, from)?),
        Some(address(destination, to)?),
    ))
}

/// What follows the signature.
fn second_reading_v2(bytes: &[u8]) -> Option<Two> {
    let [command, family, high, low, block @ ..] = bytes else {
        return None;
    };
    let length = usize::from(*high) * 256 + usize::from(*low);
    if block.len() != length || !matches!(command, 0x20 | 0x21) {
        return None;
    }
    let width = match (command, family) {
        (0x20, _) | (_, 0x00 | 0x31 | 0x32) => return Some((None, None)),
        (_, 0x11 | 0x12) => 4,
        (_, 0x21 | 0x22) => 16,
        _ => return None,
    };
    let ports = block.get(2 * width..2 * width + 4)?;
    let both = [0, 1].map(|n| {
        let ip = &block[n * width..(n + 1) * width];
        address(&[&ports[2 * n..2 * n + 2], ip].concat())
    });
    Some((both[0], both[1]))
}
