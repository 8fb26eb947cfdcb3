//! What the peers are put under.

use crate::load::Mode;
use crate::origin::SMALL;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Load {
    /// Short, for filters and tables.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) connections: usize,
    /// Requests under way at most.
    pub(crate) in_flight: usize,
    pub(crate) request: Request,
    /// Of each request's body.
    pub(crate) body: usize,
    /// Of each response's body.
    pub(crate) expect: u64,
    pub(crate) mode: Mode,
    /// Routes with parameters at the proxy; 0 for one that takes everything.
    pub(crate) routes: usize,
    /// Whether there are rows for two workers.
    pub(crate) with_two: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Request {
    /// `Host` and nothing else, as wrk does.
    Get(&'static str),
    /// On a connection that is to be closed.
    Once,
    /// With twenty fields, for a response with twelve.
    Fields,
    Upload,
    /// To each of so many routes in turn.
    Routes(usize),
}

const PLAIN: Load = Load {
    name: "",
    title: "",
    connections: 64,
    in_flight: 64,
    request: Request::Get("/"),
    body: 0,
    expect: SMALL,
    mode: Mode::Closed,
    routes: 0,
    with_two: false,
};

/// Closed loops, for every peer.
pub(crate) static ALL: [Load; 9] = [
    Load {
        name: "small/64",
        title: "70-byte responses, 64 connections",
        with_two: true,
        ..PLAIN
    },
    Load {
        name: "small/1",
        title: "70-byte responses, 1 connection",
        connections: 1,
        in_flight: 1,
        ..PLAIN
    },
    Load {
        name: "small/512",
        title: "70-byte responses, 512 connections",
        connections: 512,
        in_flight: 512,
        with_two: true,
        ..PLAIN
    },
    Load {
        name: "64KiB",
        title: "64 KiB responses, 16 connections",
        connections: 16,
        in_flight: 16,
        request: Request::Get("/bytes/65536"),
        expect: 64 << 10,
        with_two: true,
        ..PLAIN
    },
    Load {
        name: "1MiB",
        title: "1 MiB responses, 8 connections",
        connections: 8,
        in_flight: 8,
        request: Request::Get("/bytes/1048576"),
        expect: 1 << 20,
        ..PLAIN
    },
    Load {
        name: "upload/16KiB",
        title: "16 KiB uploads, 16 connections",
        connections: 16,
        in_flight: 16,
        request: Request::Upload,
        body: 16 << 10,
        ..PLAIN
    },
    Load {
        name: "upload/1MiB",
        title: "1 MiB uploads, 8 connections",
        connections: 8,
        in_flight: 8,
        request: Request::Upload,
        body: 1 << 20,
        ..PLAIN
    },
    Load {
        name: "connect",
        title: "a new client connection for each request, 64 at a time",
        request: Request::Once,
        mode: Mode::NewConnections,
        with_two: true,
        ..PLAIN
    },
    Load {
        name: "fields",
        title: "20 request fields, 12 response fields, 64 connections",
        request: Request::Fields,
        ..PLAIN
    },
];

/// The same requests for many routes and for one that takes everything.
pub(crate) const ROUTES: Load = Load {
    name: "routes",
    title: "100 routes with parameters, a rewrite and two fields more, 64 connections",
    request: Request::Routes(100),
    routes: 100,
    ..PLAIN
};

/// At a fixed rate, which replaces the zero.
pub(crate) const RATE: Load = Load {
    name: "rate",
    title: "latency at a fixed rate, 64 connections",
    mode: Mode::Rate(0.0),
    ..PLAIN
};

pub(crate) const IDLE: Load = Load {
    name: "idle",
    title: "10,000 idle connections, each after one request",
    connections: 10_000,
    mode: Mode::Idle { settle_ms: 15_000 },
    ..PLAIN
};

/// dial alone, against itself.
pub(crate) const GROWTH: Load = Load {
    name: "growth",
    title: "dial as it grows, 64 requests under way",
    ..PLAIN
};

impl Request {
    pub(crate) fn heads(self, body: usize) -> Vec<String> {
        let host = "Host: bench.example";
        match self {
            Self::Get(path) => vec![format!("GET {path} HTTP/1.1\r\n{host}\r\n\r\n")],
            Self::Once => vec![format!(
                "GET / HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n"
            )],
            Self::Fields => vec![format!("GET /fields HTTP/1.1\r\n{host}\r\n{FIELDS}\r\n")],
            Self::Upload => vec![format!(
                "POST / HTTP/1.1\r\n{host}\r\nContent-Type: application/octet-stream\r\n\
                 Content-Length: {body}\r\n\r\n"
            )],
            Self::Routes(routes) => (0..routes)
                .map(|route| {
                    let path = format!("/r{route}/users/{}/posts/{}", route + 42, route + 7);
                    format!("GET {path} HTTP/1.1\r\n{host}\r\n\r\n")
                })
                .collect(),
        }
    }
}

/// What a browser sends, without `Host`; twenty fields with it.
const FIELDS: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Referer: https://bench.example/somewhere/else?with=a&query=of&its=own\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n\
    Authorization: Bearer 0123456789abcdef0123456789abcdef0123456789abcdef\r\n\
    Cache-Control: no-cache\r\n\
    Pragma: no-cache\r\n\
    DNT: 1\r\n\
    Priority: u=0, i\r\n\
    Sec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-User: ?1\r\n\
    Sec-GPC: 1\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    If-None-Match: \"5e1f8a64c3b1\"\r\n\
    X-Request-Id: 2f1c7d0e-8e4b-4f59-a0b7-5a6c9d8e7f60\r\n";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Incoming, Kind, Progress};

    #[test]
    fn heads_are_requests() {
        for load in ALL.iter().chain([&ROUTES, &RATE, &IDLE, &GROWTH]) {
            for mut wire in load
                .request
                .heads(load.body)
                .into_iter()
                .map(String::into_bytes)
            {
                let head = wire.len();
                wire.resize(head + load.body, b'x');
                match Incoming::new(Kind::Request).feed(&wire) {
                    Ok(Progress::Done { used, content, .. }) => {
                        assert_eq!((used, content), (wire.len(), load.body as u64));
                    }
                    other => panic!("{}: {other:?}", load.name),
                }
            }
        }
        let lines = Request::Fields.heads(0)[0].lines().count();
        assert_eq!(lines, 1 + 20 + 1);
    }
}
