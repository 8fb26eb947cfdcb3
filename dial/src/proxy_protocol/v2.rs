//! Version 2: a signature, what it is about, and addresses and more in binary.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Ends, Header, Malformed};

pub(super) const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The signature, two bytes, and the length of the rest.
const FIXED: usize = 16;
/// The longest header that is waited for. Its own limit is 64 KiB; certificates, the largest part, stay below this.
const LONGEST: usize = 4096;
/// Type and length of each extension (TLV).
const TLV: usize = 3;

const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const UNSPEC: u8 = 0x00;
const TCP4: u8 = 0x11;
const UDP4: u8 = 0x12;
const TCP6: u8 = 0x21;
const UDP6: u8 = 0x22;
const UNIX_STREAM: u8 = 0x31;
const UNIX_DATAGRAM: u8 = 0x32;

/// Two paths.
const UNIX_LENGTH: usize = 2 * 108;

pub(super) fn parse(input: &[u8]) -> Result<Option<(Header, usize)>, Malformed> {
    let begun = input.len().min(SIGNATURE.len());
    if input[..begun] != SIGNATURE[..begun] {
        return Err(Malformed("something else comes first"));
    }
    let command = input.get(12).copied();
    if command.is_some_and(|byte| byte != LOCAL && byte != PROXY) {
        return Err(Malformed("an unknown version or command"));
    }
    let Some((fixed, rest)) = input.split_first_chunk::<FIXED>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    let used = FIXED + length;
    if used > LONGEST {
        return Err(Malformed("it is too long"));
    }
    let Some(block) = rest.get(..length) else {
        return Ok(None);
    };
    // A proxy that speaks for itself; the rest is ignored, whatever it is.
    let header = match fixed[12] {
        LOCAL => Header::default(),
        _ => addresses(fixed[13], block)?,
    };
    Ok(Some((header, used)))
}

fn addresses(family: u8, block: &[u8]) -> Result<Header, Malformed> {
    let (header, extensions) = match family {
        UNSPEC => return Ok(Header::default()),
        TCP4 | UDP4 => {
            let (source, rest) = take::<4>(block)?;
            let (destination, rest) = take::<4>(rest)?;
            let (ports, rest) = take::<4>(rest)?;
            let ips = [*source, *destination].map(|bytes| Ipv4Addr::from(bytes).into());
            (header(ips, *ports), rest)
        }
        TCP6 | UDP6 => {
            let (source, rest) = take::<16>(block)?;
            let (destination, rest) = take::<16>(rest)?;
            let (ports, rest) = take::<4>(rest)?;
            let ips = [*source, *destination].map(|bytes| Ipv6Addr::from(bytes).into());
            (header(ips, *ports), rest)
        }
        UNIX_STREAM | UNIX_DATAGRAM => {
            let (_, rest) = take::<UNIX_LENGTH>(block)?;
            (Header::default(), rest)
        }
        _ => return Err(Malformed("an unknown family or transport")),
    };
    skip(extensions)?;
    Ok(header)
}

fn header([source, destination]: [std::net::IpAddr; 2], ports: [u8; 4]) -> Header {
    let [a, b, c, d] = ports;
    Header {
        source: Some(SocketAddr::new(source, u16::from_be_bytes([a, b]))),
        destination: Some(SocketAddr::new(destination, u16::from_be_bytes([c, d]))),
    }
}

fn take<const N: usize>(block: &[u8]) -> Result<(&[u8; N], &[u8]), Malformed> {
    block
        .split_first_chunk()
        .ok_or(Malformed("the addresses do not fit in its length"))
}

/// Extensions have to fill what is left to the byte; what they say is not asked.
fn skip(mut extensions: &[u8]) -> Result<(), Malformed> {
    while !extensions.is_empty() {
        extensions = match extensions {
            [_, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                extensions.get(TLV + length..)
            }
            _ => None,
        }
        .ok_or(Malformed("an extension does not fit in its length"))?;
    }
    Ok(())
}

pub(super) fn write(out: &mut Vec<u8>, ends: Ends) {
    out.extend_from_slice(SIGNATURE);
    match ends {
        Ends::Unknown => out.extend_from_slice(&[LOCAL, UNSPEC, 0, 0]),
        Ends::V4(ips, ports) => {
            out.extend_from_slice(&[PROXY, TCP4, 0, 12]);
            for ip in ips {
                out.extend_from_slice(&ip.octets());
            }
            write_ports(out, ports);
        }
        Ends::V6(ips, ports) => {
            out.extend_from_slice(&[PROXY, TCP6, 0, 36]);
            for ip in ips {
                out.extend_from_slice(&ip.octets());
            }
            write_ports(out, ports);
        }
    }
}

fn write_ports(out: &mut Vec<u8>, ports: [u16; 2]) {
    for port in ports {
        out.extend_from_slice(&port.to_be_bytes());
    }
}
