//! The origin: one thread, any number of ports. It reads every request to its end, and answers 200.
//!
//! `/bytes/N` has a body of N bytes; any other path one of 70, `/fields` with more fields. A request with `X-Echo` is
//! answered with its own head.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};

use crate::wire::{Head, Incoming, Kind, MAX_BODY, Outgoing, Progress};

/// Of the small responses.
pub(crate) const SMALL: u64 = 70;
/// Connections at a time; further ones are refused.
const MAX_CONNECTIONS: usize = 60_000;

/// Eight fields more, for twelve in all.
const FIELDS: &str = "Cache-Control: public, max-age=3600\r\n\
    ETag: \"5e1f8a64c3b0\"\r\n\
    Last-Modified: Mon, 02 Nov 2026 10:11:12 GMT\r\n\
    Vary: Accept-Encoding, Origin\r\n\
    Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Request-Id: 2f1c7d0e-8e4b-4f59-a0b7-5a6c9d8e7f60\r\n\
    Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; HttpOnly; Secure\r\n";

/// Serves until it is killed. Says on standard output where, as a list in JSON.
pub(crate) fn run(ports: Option<&String>) -> Result<(), String> {
    let ports = ports.and_then(|ports| ports.parse().ok());
    let ports = ports.ok_or("origin PORTS")?;
    Origin::bind(ports)
        .and_then(|mut origin| {
            let addrs: Vec<SocketAddr> = origin
                .listeners
                .iter()
                .map(TcpListener::local_addr)
                .collect::<io::Result<_>>()?;
            let mut stdout = io::stdout().lock();
            serde_json::to_writer(&mut stdout, &addrs)?;
            stdout.write_all(b"\n")?;
            stdout.flush()?;
            origin.serve()
        })
        .map_err(|error| format!("origin: {error}"))
}

struct Origin {
    poll: Poll,
    listeners: Vec<TcpListener>,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    shared: Shared,
}

/// What one connection at a time needs.
struct Shared {
    buffer: Vec<u8>,
    filler: Vec<u8>,
    second: u64,
    date: String,
}

struct Connection {
    stream: TcpStream,
    port: u16,
    incoming: Incoming,
    head: Vec<u8>,
    /// An echo; the filler is not copied.
    body: Vec<u8>,
    filler: usize,
    outgoing: Option<Outgoing>,
}

impl Origin {
    fn bind(ports: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listeners = Vec::with_capacity(ports);
        for token in 0..ports {
            let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
            poll.registry()
                .register(&mut listener, Token(token), Interest::READABLE)?;
            listeners.push(listener);
        }
        Ok(Self {
            poll,
            listeners,
            connections: Vec::new(),
            free: Vec::new(),
            shared: Shared {
                buffer: vec![0; 256 * 1024],
                filler: vec![b'x'; MAX_BODY],
                second: 0,
                date: String::new(),
            },
        })
    }

    fn serve(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                match event.token().0.checked_sub(self.listeners.len()) {
                    None => self.accept(event.token().0)?,
                    Some(index) => self.turn(index, event.is_read_closed()),
                }
            }
        }
    }

    fn accept(&mut self, listener: usize) -> io::Result<()> {
        loop {
            let (mut stream, _) = match self.listeners[listener].accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => continue,
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let index = self.free.pop().unwrap_or(self.connections.len());
            if index >= MAX_CONNECTIONS {
                return Err(io::Error::other("too many connections"));
            }
            if index == self.connections.len() {
                self.connections.push(None);
            }
            register(
                self.poll.registry(),
                &mut stream,
                index + self.listeners.len(),
            )?;
            self.connections[index] = Some(Connection {
                port: self.listeners[listener].local_addr()?.port(),
                stream,
                incoming: Incoming::new(Kind::Request),
                head: Vec::new(),
                body: Vec::new(),
                filler: 0,
                outgoing: None,
            });
        }
    }

    fn turn(&mut self, index: usize, closed: bool) {
        let Some(connection) = self.connections.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        match connection.turn(&mut self.shared, closed) {
            Ok(true) => return,
            // Also a peer that was killed, as they all are in the end.
            Ok(false) | Err(Fault::Io) => {}
            Err(Fault::Protocol(fault)) => eprintln!("origin: {fault}"),
        }
        self.connections[index] = None;
        self.free.push(index);
    }
}

fn register(registry: &Registry, stream: &mut TcpStream, token: usize) -> io::Result<()> {
    registry.register(
        stream,
        Token(token),
        Interest::READABLE | Interest::WRITABLE,
    )
}

enum Fault {
    Io,
    Protocol(String),
}

impl From<io::Error> for Fault {
    fn from(_: io::Error) -> Self {
        Self::Io
    }
}

impl Connection {
    /// As far as it goes; false when the connection has ended.
    fn turn(&mut self, shared: &mut Shared, closed: bool) -> Result<bool, Fault> {
        loop {
            if !self.answer(shared)? {
                return Ok(true);
            }
            let read = match self.stream.read(&mut shared.buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            // An edge-triggered socket that gave less than was asked for is empty, unless it has ended.
            let empty = read < shared.buffer.len() && !closed;
            let bytes = &shared.buffer[..read];
            match self.incoming.feed(bytes).map_err(Fault::Protocol)? {
                Progress::More => {}
                Progress::Done { used, .. } if used < read => {
                    return Err(Fault::Protocol("a second request ahead of time".to_owned()));
                }
                Progress::Done { head, .. } => {
                    self.prepare(&head, shared);
                    if !self.answer(shared)? {
                        return Ok(true);
                    }
                }
            }
            if empty {
                return Ok(true);
            }
        }
    }

    /// True when nothing is left to be sent.
    fn answer(&mut self, shared: &Shared) -> io::Result<bool> {
        let Some(outgoing) = &mut self.outgoing else {
            return Ok(true);
        };
        let body = match self.body.is_empty() {
            true => &shared.filler[..self.filler],
            false => &self.body,
        };
        let done = outgoing.write(&mut self.stream, &self.head, body)?;
        if done {
            self.outgoing = None;
        }
        Ok(done)
    }

    fn prepare(&mut self, request: &Head, shared: &mut Shared) {
        self.body.clear();
        self.filler = 0;
        if let Some(echo) = &request.echo {
            self.body.extend_from_slice(echo);
        } else {
            self.filler = size(&request.path);
        }
        let length = self.body.len().max(self.filler);
        let fields = match request.path.as_str() {
            // Who answered, for the check of the rotation; what is measured does without.
            _ if request.echo.is_some() => format!("X-Origin: {}\r\n", self.port).into(),
            "/fields" => Cow::Borrowed(FIELDS),
            _ => Cow::Borrowed(""),
        };
        shared.tick();
        self.head.clear();
        let written = write!(
            self.head,
            "HTTP/1.1 200 OK\r\nServer: origin\r\nDate: {}\r\nContent-Type: text/plain\r\n\
             Content-Length: {length}\r\n{fields}\r\n",
            shared.date,
        );
        debug_assert!(written.is_ok(), "a Vec takes everything");
        self.outgoing = Some(Outgoing::default());
    }
}

impl Shared {
    fn tick(&mut self) {
        let now = SystemTime::now();
        let second = now
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        if second != self.second {
            self.second = second;
            self.date = httpdate::fmt_http_date(now);
        }
    }
}

/// The body that a path stands for.
fn size(path: &str) -> usize {
    let size = path.strip_prefix("/bytes/").map(str::parse);
    match size {
        Some(Ok(size)) if size <= MAX_BODY => size,
        _ => usize::try_from(SMALL).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (path, bytes) in [("/", 70), ("/bytes/65536", 65_536), ("/bytes/x", 70)] {
            assert_eq!(size(path), bytes, "{path}");
        }
    }
}
