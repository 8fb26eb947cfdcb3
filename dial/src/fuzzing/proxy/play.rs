//! One exchange: a client that says its piece, and an origin that answers by its script. Both are driven by one future.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::super::strict::{self, Fault};

/// What the origin says to one request.
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// Whether the connection stays open.
    pub(super) keep: bool,
}

/// What came of an exchange.
pub(super) struct Seen {
    /// What the client received.
    pub(super) client: Vec<u8>,
    /// Whether the client's connection was cut off.
    pub(super) reset: bool,
    /// What the origin received, for each of its connections.
    pub(super) origin: Vec<Received>,
    /// How often the origin ended a used connection without a word, so that a request may come twice.
    pub(super) silent: usize,
}

/// What came over one connection.
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    /// Where a tunnel begins.
    pub(super) tunnel: Option<usize>,
}

pub(super) struct Play {
    listener: TcpListener,
    client: Client,
    connections: Vec<Connection>,
    script: Script,
}

impl Play {
    pub(super) async fn begin(
        proxy: SocketAddr,
        origin: &std::net::TcpListener,
        client: &[u8],
        answers: Vec<Answer>,
    ) -> Self {
        let origin = origin.try_clone().expect("a socket");
        Self {
            listener: TcpListener::from_std(origin).expect("a listener"),
            client: Client {
                pipe: Pipe::new(
                    TcpStream::connect(proxy).await.expect("a connection"),
                    client,
                ),
                received: Vec::new(),
            },
            connections: Vec::new(),
            script: Script {
                answers: answers.into(),
                silent: 0,
            },
        }
    }

    /// Ready when the proxy has ended the client's connection.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(Ok((stream, _))) = self.listener.poll_accept(cx) {
            self.connections.push(Connection::new(stream));
        }
        for connection in &mut self.connections {
            connection.poll(&mut self.script, cx);
        }
        self.client.poll(cx)
    }

    /// Collects what is still on its way to the origin, and cuts every connection off.
    pub(super) fn end(self, origin: &std::net::TcpListener) -> Seen {
        let mut received: Vec<_> = self.connections.into_iter().map(Connection::end).collect();
        while let Ok((stream, _)) = origin.accept() {
            let bytes = rest(stream);
            received.push(Received {
                bytes,
                tunnel: None,
            });
        }
        let reset = self.client.pipe.failed;
        Seen {
            client: self.client.received,
            reset,
            origin: received,
            silent: self.script.silent,
        }
    }
}

struct Script {
    answers: VecDeque<Answer>,
    silent: usize,
}

impl Script {
    /// The next answer, on a connection that has brought `answered` before.
    fn next(&mut self, answered: usize) -> Answer {
        let answer = self.answers.pop_front().unwrap_or_else(|| Answer {
            bytes: b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec(),
            keep: true,
        });
        if answered > 0 && answer.bytes.is_empty() && !answer.keep {
            self.silent += 1;
        }
        answer
    }
}

struct Client {
    pipe: Pipe,
    received: Vec<u8>,
}

impl Client {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.pipe.poll_write(true, cx);
        while ready!(self.pipe.poll_read(&mut self.received, cx)) {}
        Poll::Ready(())
    }
}

/// One of the origin's.
struct Connection {
    pipe: Pipe,
    received: Received,
    /// Where the next request begins.
    at: usize,
    answered: usize,
    /// Whether the head at hand was told to continue.
    continued: bool,
    /// Whether it got its final answer instead.
    refused: bool,
    /// Whether the last answer is the last.
    closing: bool,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self {
            pipe: Pipe::new(stream, b""),
            received: Received {
                bytes: Vec::new(),
                tunnel: None,
            },
            at: 0,
            answered: 0,
            continued: false,
            refused: false,
            closing: false,
        }
    }

    fn poll(&mut self, script: &mut Script, cx: &mut Context<'_>) {
        loop {
            let open = self.pipe.poll_read(&mut self.received.bytes, cx);
            while !self.closing && self.received.tunnel.is_none() && self.answer(script) {}
            // A tunnel ends when either side does.
            let ended = open == Poll::Ready(false);
            self.pipe.poll_write(self.closing || ended, cx);
            if ended || open.is_pending() {
                return;
            }
        }
    }

    /// Answers what is due.
    fn answer(&mut self, script: &mut Script) -> bool {
        let rest = &self.received.bytes[self.at..];
        // What is no request is left for the check.
        let Ok(head) = strict::request(rest) else {
            return false;
        };
        let framing = strict::framing(&head.fields).ok().flatten();
        let framing = framing.unwrap_or(strict::Framing::Exact(0));
        let length = match strict::content(&rest[head.used..], framing, false) {
            Ok(content) => Some(content.used),
            Err(Fault::Partial) => None,
            Err(Fault::Bad(_)) => return false,
        };
        let expects = !self.continued && !strict::all(&head.fields, "expect").is_empty();
        match length {
            Some(length) if !expects => self.at += head.used + length,
            _ if !expects => return false,
            _ => {}
        }
        self.continued = expects;
        // Answered before its content was there.
        if !expects && std::mem::take(&mut self.refused) {
            return true;
        }
        let Answer { mut bytes, keep } = script.next(self.answered);
        self.answered += 1;
        let headless = head.method == "HEAD";
        // What leaves the other side waiting is no answer to stay for; one that is only interim has another behind it.
        let enough = expects && is_interim(&bytes) || is_whole(&bytes, headless);
        self.closing = !(keep && enough);
        self.refused = expects && is_whole(&bytes, headless);
        if keep && !expects && is_interim(&bytes) {
            let Answer { bytes: more, keep } = script.next(0);
            bytes.extend(more);
            self.closing = !(keep && is_whole(&bytes, headless));
        }
        let switched = bytes.starts_with(b"HTTP/1.1 101")
            && !strict::all(&head.fields, "upgrade").is_empty()
            || bytes.starts_with(b"HTTP/1.1 2") && head.method == "CONNECT";
        if switched {
            self.received.tunnel = Some(self.at);
        }
        self.pipe.push(&bytes, self.closing);
        true
    }

    fn end(self) -> Received {
        let Self {
            pipe, mut received, ..
        } = self;
        if let Ok(stream) = pipe.stream.into_std() {
            received.bytes.extend(rest(stream));
        }
        received
    }
}

/// Whether an answer holds a final response with all of its content. `headless` is whether that has none.
fn is_whole(mut bytes: &[u8], headless: bool) -> bool {
    while let Ok(response) = strict::response(bytes) {
        bytes = &bytes[response.used..];
        if response.status >= 200 {
            let framing = strict::framing(&response.fields).ok().flatten();
            let whole = |framing| strict::content(bytes, framing, true).is_ok();
            return headless || matches!(response.status, 204 | 304) || framing.is_some_and(whole);
        }
    }
    false
}

fn is_interim(mut bytes: &[u8]) -> bool {
    let some = !bytes.is_empty();
    while let Ok(response) = strict::response(bytes)
        && response.status < 200
    {
        bytes = &bytes[response.used..];
    }
    some && bytes.is_empty()
}

/// What there is to be read; then the connection is cut off.
fn rest(mut stream: std::net::TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    if stream.set_nonblocking(true).is_ok() {
        // An end, in order or not, or nothing more.
        let _ = stream.read_to_end(&mut bytes);
    }
    let _ = socket2::SockRef::from(&stream).set_linger(Some(std::time::Duration::ZERO));
    bytes
}

/// A socket with bytes to be written. Dropped it leaves no port behind.
struct Pipe {
    stream: TcpStream,
    out: Vec<u8>,
    at: usize,
    /// Whether this side is closed.
    closed: bool,
    /// Whether the other is.
    ended: bool,
    failed: bool,
}

impl Pipe {
    fn new(stream: TcpStream, out: &[u8]) -> Self {
        let _ = stream.set_zero_linger();
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            out: out.to_vec(),
            at: 0,
            closed: false,
            ended: false,
            failed: false,
        }
    }

    /// Bytes to be written; the `last` ones arrive together with the end of the connection.
    fn push(&mut self, bytes: &[u8], last: bool) {
        self.out.extend(bytes);
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&self.stream).set_tcp_cork(last);
        #[cfg(not(target_os = "linux"))]
        let _ = last;
    }

    /// Writes what there is; then, if asked to, closes this side.
    fn poll_write(&mut self, close: bool, cx: &mut Context<'_>) {
        while self.at < self.out.len() && !self.closed {
            match Pin::new(&mut self.stream).poll_write(cx, &self.out[self.at..]) {
                Poll::Ready(Ok(count)) => self.at += count,
                // The other side has read enough.
                Poll::Ready(Err(_)) => self.closed = true,
                Poll::Pending => return,
            }
        }
        if close && !self.closed {
            self.closed = Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
        }
    }

    /// Reads once: whether there may be more.
    fn poll_read(&mut self, into: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<bool> {
        if self.ended {
            return Poll::Ready(false);
        }
        let mut room = [0; 4096];
        let mut buf = ReadBuf::new(&mut room);
        let read: io::Result<()> = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf));
        self.failed = read.is_err();
        self.ended = buf.filled().is_empty();
        into.extend(buf.filled());
        Poll::Ready(!self.ended)
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the client received `{}`", self.client.escape_ascii())?;
        for one in &self.origin {
            writeln!(f, "the origin received `{}`", one.bytes.escape_ascii())?;
        }
        Ok(())
    }
}
