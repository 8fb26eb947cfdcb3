//! Whether a peer does what all are to do, before it is measured: the fields it adds, and the origins in turn.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::text::text;
use crate::wire::{Head, Kind, MAX_HEAD};

/// Times each origin is asked.
const TURNS: usize = 4;

/// Through one connection, so that one worker answers. `path` becomes `sent`.
pub(crate) fn check(
    peer: SocketAddr,
    origins: usize,
    path: &str,
    sent: &str,
    more: &[&str],
) -> Result<(), String> {
    let mut stream = TcpStream::connect(peer).map_err(text)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .map_err(text)?;
    let mut asked: HashMap<String, usize> = HashMap::new();
    for _ in 0..TURNS * origins {
        let (head, body) = exchange(&mut stream, path)?;
        request_is_alike(&body, sent, more)?;
        if !value(&head, "via").is_some_and(|via| via.starts_with("1.1 ")) {
            return Err(format!("a response without Via:\n{head}"));
        }
        let Some(origin) = value(&head, "x-origin") else {
            return Err(format!("a response without X-Origin:\n{head}"));
        };
        *asked.entry(origin.to_owned()).or_default() += 1;
    }
    match asked.len() == origins && asked.values().all(|times| *times == TURNS) {
        true => Ok(()),
        false => Err(format!("not the {origins} origins in turn: {asked:?}")),
    }
}

fn request_is_alike(request: &str, sent: &str, more: &[&str]) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what} in the request an origin got:\n{request}"));
    if !request.starts_with(&format!("GET {sent} HTTP/1.1\r\n")) {
        return wrong("a wrong first line");
    }
    let expect = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "bench.example"),
    ];
    for (name, expect) in expect {
        if value(request, name) != Some(expect) {
            return wrong(&format!("no `{name}: {expect}`"));
        }
    }
    if !value(request, "via").is_some_and(|via| via.starts_with("1.1 ")) {
        return wrong("no Via");
    }
    if value(request, "connection").is_some_and(|value| !value.eq_ignore_ascii_case("keep-alive")) {
        return wrong("an unexpected Connection");
    }
    match more.iter().find(|name| value(request, name).is_none()) {
        Some(name) => wrong(&format!("no `{name}`")),
        None => Ok(()),
    }
}

/// Head and body of the response.
fn exchange(stream: &mut TcpStream, path: &str) -> Result<(String, String), String> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: bench.example\r\nX-Echo: 1\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(text)?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while bytes.len() < 2 * MAX_HEAD {
        let read = stream.read(&mut buffer).map_err(text)?;
        if read == 0 {
            return Err("closed instead of an answer".to_owned());
        }
        bytes.extend_from_slice(&buffer[..read]);
        let Some(head) = Head::parse(Kind::Response, &bytes)? else {
            continue;
        };
        let all = String::from_utf8_lossy(&bytes);
        let (status, length) = (head.status, head.length.unwrap_or_default());
        if status != 200 || length == 0 {
            return Err(format!("status {status} with {length} bytes:\n{all}"));
        }
        if bytes.len() as u64 == head.len as u64 + length {
            let (head, body) = all.split_at(head.len);
            return Ok((head.to_owned(), body.to_owned()));
        }
    }
    Err("a response that is too long".to_owned())
}

/// Of the field, which must come once.
fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut values = head.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    });
    let value = values.next();
    value.filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 127.0.0.1\r\n\
        x-forwarded-proto: http\r\nX-Forwarded-Host: bench.example\r\nVia: 1.1 p\r\n\r\n";

    #[test]
    fn alike_or_not() {
        assert_eq!(request_is_alike(GOOD, "/", &["host"]), Ok(()));
        for (from, to) in [
            ("GET / ", "GET /x "),
            ("HTTP/1.1\r\n", "HTTP/1.0\r\n"),
            ("127.0.0.1", "127.0.0.2"),
            ("Via", "Not-Via"),
            ("Host: x\r\n", "Connection: close\r\n"),
            ("Via: 1.1 p", "Via: 1.1 p\r\nX-Forwarded-Proto: http"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert!(request_is_alike(&bad, "/", &[]).is_err(), "{bad}");
        }
        assert!(request_is_alike(GOOD, "/", &["x-route"]).is_err());
    }
}
