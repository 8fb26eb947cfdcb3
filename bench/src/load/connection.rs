//! One connection of a client.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::text::text;
use crate::wire::{Incoming, Kind, Outgoing, Progress};

#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    incoming: Incoming,
    outgoing: Option<Outgoing>,
    state: State,
    /// Which head it sends.
    head: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Connecting,
    Idle,
    /// Since when the request ought to have been sent.
    Busy(Instant),
    /// It was answered; the peer closes now.
    Ending,
}

/// What a turn has come to.
#[derive(Debug, PartialEq)]
pub(super) enum Turn {
    Waiting,
    Connected,
    /// A whole response, and whether the peer closes now.
    Answered {
        since: Instant,
        close: bool,
    },
    /// The peer has closed, as it should.
    Ended,
}

/// What requests consist of, and responses.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) heads: Vec<String>,
    pub(super) body: Vec<u8>,
    pub(super) expect: u64,
    /// The peer is to close after each response.
    pub(super) closes: bool,
}

impl Connection {
    pub(super) fn open(target: SocketAddr, registry: &Registry, token: usize) -> io::Result<Self> {
        let mut stream = TcpStream::connect(target)?;
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut stream, Token(token), both)?;
        Ok(Self {
            stream,
            incoming: Incoming::new(Kind::Response),
            outgoing: None,
            state: State::Connecting,
            head: 0,
        })
    }

    /// Since when a request waits for its answer.
    pub(super) fn busy(&self) -> Option<Instant> {
        match self.state {
            State::Busy(since) => Some(since),
            _ => None,
        }
    }

    pub(super) fn start(
        &mut self,
        head: usize,
        since: Instant,
        material: &Material,
    ) -> Result<(), String> {
        self.head = head;
        self.outgoing = Some(Outgoing::default());
        self.state = State::Busy(since);
        self.send(material)
    }

    /// To be called on every event. `closed`: what the peer sends has an end that is known already.
    pub(super) fn turn(
        &mut self,
        buffer: &mut [u8],
        closed: bool,
        material: &Material,
    ) -> Result<Turn, String> {
        if self.state == State::Connecting {
            return self.connected();
        }
        self.send(material)?;
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return self.ended(),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Turn::Waiting);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("reading: {error}")),
            };
            let turn = self.read(&buffer[..read], material)?;
            // An edge-triggered socket that gave less than was asked for is empty, unless it has ended.
            if turn != Turn::Waiting || (read < buffer.len() && !closed) {
                return Ok(turn);
            }
        }
    }

    fn connected(&mut self) -> Result<Turn, String> {
        if let Some(error) = self.stream.take_error().map_err(text)? {
            return Err(format!("connecting: {error}"));
        }
        match self.stream.peer_addr() {
            Ok(_) => {
                self.stream.set_nodelay(true).map_err(text)?;
                self.state = State::Idle;
                Ok(Turn::Connected)
            }
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(Turn::Waiting),
            Err(error) => Err(format!("connecting: {error}")),
        }
    }

    fn send(&mut self, material: &Material) -> Result<(), String> {
        if let Some(outgoing) = &mut self.outgoing {
            let head = material.heads[self.head].as_bytes();
            let done = outgoing.write(&mut self.stream, head, &material.body);
            if done.map_err(|error| format!("sending: {error}"))? {
                self.outgoing = None;
            }
        }
        Ok(())
    }

    fn read(&mut self, bytes: &[u8], material: &Material) -> Result<Turn, String> {
        let State::Busy(since) = self.state else {
            return Err(format!("{} bytes that nobody asked for", bytes.len()));
        };
        let Progress::Done {
            head,
            content,
            used,
        } = self.incoming.feed(bytes)?
        else {
            return Ok(Turn::Waiting);
        };
        if used < bytes.len() {
            return Err(format!("{} bytes after the response", bytes.len() - used));
        }
        if head.status != 200 || content != material.expect {
            let expect = material.expect;
            let status = head.status;
            return Err(format!(
                "status {status} with {content} bytes instead of 200 with {expect}"
            ));
        }
        if self.outgoing.is_some() {
            return Err("an answer before the request was sent".to_owned());
        }
        self.state = match material.closes {
            true => State::Ending,
            false => State::Idle,
        };
        Ok(Turn::Answered {
            since,
            close: head.close,
        })
    }

    fn ended(&mut self) -> Result<Turn, String> {
        match self.state {
            State::Ending => Ok(Turn::Ended),
            State::Busy(_) if self.incoming.begun() => Err("closed within a response".to_owned()),
            State::Busy(_) => Err("closed instead of an answer".to_owned()),
            State::Idle | State::Connecting => Err("closed an idle connection".to_owned()),
        }
    }
}
