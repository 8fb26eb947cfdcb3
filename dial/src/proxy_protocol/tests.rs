use std::net::SocketAddr;

use proptest::prelude::*;

use super::*;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn known(source: &str, destination: &str) -> Header {
    Header {
        source: Some(source.parse().expect("an address")),
        destination: Some(destination.parse().expect("an address")),
    }
}

/// A header of version 2 with a block of the length it says.
fn v2(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).expect("a short block");
    let mut header = SIGNATURE.to_vec();
    header.extend([command, family]);
    header.extend(length.to_be_bytes());
    header.extend(block);
    header
}

/// Good or bad, it is the same however it comes: nothing shorter is taken for it, and nothing that follows changes it.
fn check(what: &str, bytes: &[u8], expected: Result<Header, ()>) {
    let whole = parse(bytes);
    for cut in 0..bytes.len() {
        let part = parse(&bytes[..cut]);
        let waits = part == Ok(None) || expected.is_err() && part.is_err();
        assert!(waits, "{what}, {cut} bytes: {part:?}");
    }
    let expected = expected.map(|header| Some((header, bytes.len())));
    assert_eq!(whole.map_err(drop), expected, "{what}");
    let longer = [bytes, b"GET / HTTP/1.1\r\n"].concat();
    assert_eq!(parse(&longer), whole, "{what}, with more behind");
}

#[test]
fn good_lines() {
    let longest_known = "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
                         ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n";
    let longest_unknown = format!("PROXY UNKNOWN {}\r\n", "f".repeat(91));
    assert_eq!(longest_unknown.len(), 107);
    let all = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535";
    let rows = [
        (
            "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n",
            known("192.0.2.1:56324", "198.51.100.2:443"),
        ),
        (
            "PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n",
            known("255.255.255.255:65535", "0.0.0.0:0"),
        ),
        (
            "PROXY TCP6 2001:db8::1 ::1 1 80\r\n",
            known("[2001:db8::1]:1", "[::1]:80"),
        ),
        (
            "PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::FFFF:c000:0201 1 80\r\n",
            known("[2001:db8::1]:1", "[::ffff:192.0.2.1]:80"),
        ),
        (longest_known, known(all, all)),
        ("PROXY UNKNOWN\r\n", Header::default()),
        ("PROXY UNKNOWN \r\n", Header::default()),
        ("PROXY UNKNOWN ff::1 x 0 99999 \0\r\n", Header::default()),
        (longest_unknown.as_str(), Header::default()),
    ];
    for (line, header) in rows {
        check(line, line.as_bytes(), Ok(header));
    }
}

#[test]
fn bad_lines() {
    let too_long = format!("PROXY UNKNOWN {}\r\n", "f".repeat(92));
    let endless = format!("PROXY UNKNOWN {}", "f".repeat(93));
    let lines = [
        "GET / HTTP/1.1\r\n",
        "PROXY\r\n",
        "PROXY \r\n",
        "PROXYTCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        " PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY UNKNOWNS\r\n",
        "PROXY TCP4\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
        "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2\t1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.256 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.02 1 2\r\n",
        "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
        "PROXY TCP4 3221225985 192.0.2.2 1 2\r\n",
        "PROXY TCP4 0xc0.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
        "PROXY TCP6 ::1 192.0.2.2 1 2\r\n",
        "PROXY TCP6 [::1] ::1 1 2\r\n",
        "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
        "PROXY TCP6 1:2:3:4:5:6:7 ::1 1 2\r\n",
        "PROXY TCP6 ::1::2 ::1 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 00 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 x 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1\r 2\r\n",
        "PROXY UNKNOWN\n",
        "PROXY UNKNOWN a\nb\r\n",
        "PROXY UNKNOWN a\rb\r\n",
        too_long.as_str(),
        endless.as_str(),
    ];
    for line in lines {
        check(line, line.as_bytes(), Err(()));
    }
}

/// `192.0.2.1:1` to `198.51.100.2:443`.
const V4: &[u8] = &[192, 0, 2, 1, 198, 51, 100, 2, 0, 1, 1, 187];
/// `[2001:db8::1]:1` to `[::1]:443`.
const V6: &[u8] = &[
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 1, 0, 1, 1, 187,
];
/// One with a value, one without.
const TLVS: &[u8] = &[0x04, 0, 3, 1, 2, 3, 0xee, 0, 0];

#[test]
fn good_headers() {
    let v4 = known("192.0.2.1:1", "198.51.100.2:443");
    let v6 = known("[2001:db8::1]:1", "[::1]:443");
    let none = Header::default();
    let tlv = |length: u16| {
        let mut tlv = vec![0x04];
        tlv.extend(length.to_be_bytes());
        tlv.resize(3 + usize::from(length), 7);
        tlv
    };
    let longest = [V4, &tlv(4096 - 16 - 12 - 3)].concat();
    let rows: [(&str, u8, u8, &[u8], Header); 14] = [
        ("IPv4", 0x21, 0x11, V4, v4),
        ("IPv4, datagrams", 0x21, 0x12, V4, v4),
        ("IPv6", 0x21, 0x21, V6, v6),
        ("IPv6, datagrams", 0x21, 0x22, V6, v6),
        ("IPv4 with extensions", 0x21, 0x11, &[V4, TLVS].concat(), v4),
        ("IPv6 with extensions", 0x21, 0x21, &[V6, TLVS].concat(), v6),
        ("the longest", 0x21, 0x11, &longest, v4),
        ("UNIX", 0x21, 0x31, &[b'/'; 216], none),
        ("UNIX, datagrams", 0x21, 0x32, &[b'/'; 216], none),
        ("UNSPEC", 0x21, 0x00, &[], none),
        ("UNSPEC with something", 0x21, 0x00, &[1, 2], none),
        ("LOCAL", 0x20, 0x00, &[], none),
        ("LOCAL with addresses", 0x20, 0x11, V4, none),
        ("LOCAL with anything", 0x20, 0xff, &[1, 2], none),
    ];
    for (what, command, family, block, header) in rows {
        check(what, &v2(command, family, block), Ok(header));
    }
}

#[test]
fn bad_headers() {
    let too_long = vec![0; 4096 - 16 + 1];
    let rows: [(&str, u8, u8, &[u8]); 14] = [
        ("version 1", 0x11, 0x11, V4),
        ("version 3", 0x31, 0x11, V4),
        ("an unknown command", 0x22, 0x11, V4),
        ("an unknown family", 0x21, 0x41, V4),
        ("an unknown transport", 0x21, 0x13, V4),
        ("a family without transport", 0x21, 0x10, V4),
        ("a transport without family", 0x21, 0x01, V4),
        ("IPv4 in too few bytes", 0x21, 0x11, &V4[..11]),
        ("IPv6 in too few bytes", 0x21, 0x21, &V6[..35]),
        ("UNIX in too few bytes", 0x21, 0x31, &[0; 215]),
        (
            "part of an extension",
            0x21,
            0x11,
            &[V4, &TLVS[..2]].concat(),
        ),
        ("a short extension", 0x21, 0x11, &[V4, &TLVS[..5]].concat()),
        ("something behind", 0x21, 0x21, &[V6, TLVS, &[0]].concat()),
        ("too long", 0x20, 0x00, &too_long),
    ];
    for (what, command, family, block) in rows {
        check(what, &v2(command, family, block), Err(()));
    }
    for at in 0..SIGNATURE.len() {
        let mut bytes = v2(0x21, 0x11, V4);
        bytes[at] ^= 1;
        check("a bad signature", &bytes, Err(()));
    }
}

#[test]
fn what_is_written() {
    let addr = |text: &str| Some(text.parse().expect("an address"));
    let rows = [
        (
            addr("192.0.2.1:1"),
            addr("198.51.100.2:443"),
            "PROXY TCP4 192.0.2.1 198.51.100.2 1 443\r\n",
        ),
        (
            addr("[::ffff:192.0.2.1]:1"),
            addr("198.51.100.2:443"),
            "PROXY TCP4 192.0.2.1 198.51.100.2 1 443\r\n",
        ),
        (
            addr("[2001:db8::1]:1"),
            addr("[::1]:443"),
            "PROXY TCP6 2001:db8::1 ::1 1 443\r\n",
        ),
        (
            addr("192.0.2.1:1"),
            addr("[::192.0.2.1]:443"),
            "PROXY TCP6 ::ffff:c000:201 ::c000:201 1 443\r\n",
        ),
        (None, addr("[::1]:443"), "PROXY UNKNOWN\r\n"),
        (addr("[::1]:443"), None, "PROXY UNKNOWN\r\n"),
        (None, None, "PROXY UNKNOWN\r\n"),
    ];
    for (source, destination, line) in rows {
        let mut out = Vec::new();
        write(ProxyProtocol::V1, &mut out, source, destination);
        assert_eq!(String::from_utf8_lossy(&out), line);
    }
    let mut out = Vec::new();
    write(
        ProxyProtocol::V2,
        &mut out,
        addr("192.0.2.1:1"),
        addr("198.51.100.2:443"),
    );
    assert_eq!(out, v2(0x21, 0x11, V4));
    out.clear();
    write(
        ProxyProtocol::V2,
        &mut out,
        addr("[2001:db8::1]:1"),
        addr("[::1]:443"),
    );
    assert_eq!(out, v2(0x21, 0x21, V6));
    out.clear();
    write(ProxyProtocol::V2, &mut out, None, addr("[::1]:443"));
    assert_eq!(out, v2(0x20, 0x00, &[]));
}

fn any_addr() -> impl Strategy<Value = SocketAddr> {
    let ip = prop_oneof![
        any::<Ipv4Addr>().prop_map(IpAddr::V4),
        any::<Ipv4Addr>().prop_map(|ip| IpAddr::V6(ip.to_ipv6_mapped())),
        any::<Ipv6Addr>().prop_map(IpAddr::V6),
        any::<u32>().prop_map(|low| IpAddr::V6(Ipv6Addr::from_bits(low.into()))),
    ];
    (ip, any::<u16>()).prop_map(SocketAddr::from)
}

/// Which family it was written in is no difference.
fn canonical(addr: Option<SocketAddr>) -> Option<SocketAddr> {
    addr.map(|addr| SocketAddr::new(addr.ip().to_canonical(), addr.port()))
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        source in proptest::option::weighted(0.9, any_addr()),
        destination in proptest::option::weighted(0.9, any_addr()),
        behind in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        for version in [ProxyProtocol::V1, ProxyProtocol::V2] {
            let mut bytes = Vec::new();
            write(version, &mut bytes, source, destination);
            let length = bytes.len();
            for cut in 0..length {
                prop_assert_eq!(parse(&bytes[..cut]), Ok(None));
            }
            bytes.extend(&behind);
            let (header, used) = parse(&bytes).expect("a header").expect("a whole one");
            prop_assert_eq!(used, length);
            let both = source.is_some() && destination.is_some();
            prop_assert_eq!(canonical(header.source), canonical(source.filter(|_| both)));
            prop_assert_eq!(canonical(header.destination), canonical(destination.filter(|_| both)));
        }
    }

    /// Nonsense ends nothing but its connection, and more of it never makes sense of it.
    #[test]
    fn more_bytes_change_no_decision(
        begin in prop_oneof![Just(&b""[..]), Just(&b"PROXY "[..]), Just(SIGNATURE), Just(&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0"[..])],
        rest in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let bytes = [begin, &rest].concat();
        let mut decided = None;
        for cut in 0..=bytes.len() {
            let now = parse(&bytes[..cut]);
            match &decided {
                None if now != Ok(None) => decided = Some(now),
                Some(before) if before.is_err() => prop_assert!(now.is_err()),
                Some(before) => prop_assert_eq!(before, &now),
                None => {}
            }
        }
    }
}
