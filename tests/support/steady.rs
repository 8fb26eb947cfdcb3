//! The same exchange again and again, for tests that count what dial spends on one.
//!
//! Plain threads and blocking sockets: once connected, neither side allocates, whatever counts allocations of the process.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use crate::wait::DEADLINE;

/// The longest message, its head included.
const LONGEST: usize = 128 * 1024;

/// What a client sends, what an origin is to receive of it, and what that answers.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// A whole request; its Host does not matter.
    pub request: Vec<u8>,
    /// How the request begins that arrives at the origin.
    pub arrives: &'static str,
    /// A whole response with a Content-Length.
    pub response: Vec<u8>,
}

impl Exchange {
    /// A `GET` and a response with a body of `length` bytes.
    #[must_use]
    pub fn get(length: usize) -> Self {
        Self {
            request: request("GET", "/", 0),
            arrives: "GET /",
            response: response(length),
        }
    }

    /// A `POST` with a body of `length` bytes, sent in one piece, and a response of 70 bytes.
    #[must_use]
    pub fn post(length: usize) -> Self {
        Self {
            request: request("POST", "/", length),
            arrives: "POST /",
            response: response(70),
        }
    }

    /// Starts an origin that answers each request so, and panics when it receives another one. It ends with the process.
    #[must_use]
    pub fn origin(&self) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        let addr = listener.local_addr().expect("bound");
        let exchange = Arc::new(self.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let exchange = Arc::clone(&exchange);
                let stream = stream.expect("a connection");
                thread::spawn(move || exchange.answer(stream));
            }
        });
        addr
    }

    fn answer(&self, mut stream: TcpStream) {
        stream.set_nodelay(true).expect("a socket");
        let mut buffer = vec![0; LONGEST];
        let sent = body(&self.request);
        while let Some(request) = receive(&mut stream, &mut buffer) {
            let arrives = self.arrives.as_bytes();
            assert!(request.starts_with(arrives), "{}", head(request));
            assert_eq!(body(request).len(), sent.len());
            stream.write_all(&self.response).expect("dial reads");
        }
    }
}

/// A client with one connection, which sends the next request when the response to the last is there.
#[derive(Debug)]
pub struct SteadyClient {
    stream: TcpStream,
    buffer: Vec<u8>,
    exchange: Exchange,
}

impl SteadyClient {
    /// Connects to dial.
    #[must_use]
    pub fn connect(dial: SocketAddr, exchange: Exchange) -> Self {
        let stream = TcpStream::connect(dial).expect("dial listens");
        stream.set_nodelay(true).expect("a socket");
        stream
            .set_read_timeout(Some(DEADLINE))
            .expect("a deadline that is not zero");
        Self {
            stream,
            buffer: vec![0; LONGEST],
            exchange,
        }
    }

    /// Makes as many requests, and checks what comes back.
    pub fn requests(&mut self, count: usize) {
        let length = body(&self.exchange.response).len();
        for _ in 0..count {
            let request = &self.exchange.request;
            self.stream.write_all(request).expect("dial reads");
            let response = receive(&mut self.stream, &mut self.buffer).expect("a response");
            assert!(
                response.starts_with(b"HTTP/1.1 200 OK\r\n"),
                "{}",
                head(response)
            );
            assert_eq!(body(response).len(), length);
        }
    }

    /// The same request once more, but for its target: that marks a place in a log.
    pub fn mark(&mut self, target: &str) {
        let request = &self.exchange.request;
        let mut words = request.splitn(3, |byte| *byte == b' ');
        let (method, _, rest) = (words.next(), words.next(), words.next());
        let (method, rest) = (method.expect("a method"), rest.expect("a version"));
        let marked = [method, b" ", target.as_bytes(), b" ", rest].concat();
        let request = std::mem::replace(&mut self.exchange.request, marked);
        self.requests(1);
        self.exchange.request = request;
    }
}

/// A request with a body of `length` bytes.
#[must_use]
pub fn request(method: &str, target: &str, length: usize) -> Vec<u8> {
    let framing = match length {
        0 => String::new(),
        length => format!("Content-Length: {length}\r\n"),
    };
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: dial\r\nUser-Agent: steady\r\nAccept: */*\r\n{framing}\r\n"
    );
    with_body(head, length)
}

/// A response with a body of `length` bytes.
#[must_use]
pub fn response(length: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    with_body(head, length)
}

/// The message with as many more fields, each with a name of its own.
#[must_use]
pub fn with_fields(message: &[u8], count: usize) -> Vec<u8> {
    let end = find(message, b"\r\n\r\n").expect("a head") + "\r\n".len();
    let mut fields = String::new();
    for number in 0..count {
        let _ = write!(
            fields,
            "X-Field-{number}: value of field number {number}\r\n"
        );
    }
    [&message[..end], fields.as_bytes(), &message[end..]].concat()
}

fn with_body(head: String, length: usize) -> Vec<u8> {
    let mut message = head.into_bytes();
    message.resize(message.len() + length, b'x');
    message
}

/// The next message; `None` when the connection has ended in front of it.
fn receive<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut at = 0;
    loop {
        if let Some(length) = length(&buffer[..at])
            && length <= at
        {
            assert_eq!(length, at, "more than a message");
            return Some(&buffer[..length]);
        }
        assert!(at < buffer.len(), "a message that is too long");
        match stream.read(&mut buffer[at..]).expect("dial goes on") {
            0 if at == 0 => return None,
            0 => panic!("a message that broke off"),
            count => at += count,
        }
    }
}

/// How long a message is; `None` while its head is not complete. One without a Content-Length has no body.
fn length(message: &[u8]) -> Option<usize> {
    let end = find(message, b"\r\n\r\n")?;
    let digits = message[..end]
        .split(|byte| *byte == b'\n')
        .find_map(|line| {
            let (name, value) = line.split_at_checked("content-length:".len())?;
            name.eq_ignore_ascii_case(b"content-length:")
                .then(|| value.trim_ascii())
        });
    let digits = digits.unwrap_or(b"0").iter();
    let body = digits.fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Some(end + "\r\n\r\n".len() + body)
}

fn body(message: &[u8]) -> &[u8] {
    let end = find(message, b"\r\n\r\n").expect("a head");
    &message[end + "\r\n\r\n".len()..]
}

fn head(message: &[u8]) -> String {
    let end = find(message, b"\r\n\r\n").unwrap_or(message.len());
    String::from_utf8_lossy(&message[..end]).into_owned()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
