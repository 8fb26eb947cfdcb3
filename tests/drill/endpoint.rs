//! An endpoint in a process of its own, so that its death is a real one.
//!
//! It is told how to behave on its standard input, a [`Mode`] a line, and says on its standard output which requests it
//! has received, each in whole, before it does anything about them. It ends when its input does.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use dial_tests::Random;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What probes ask for.
pub(crate) const HEALTH: &str = "/health";

/// How long an answer takes.
const SERVICE: Duration = Duration::from_millis(10);
/// How long the first part of an answer lies in the proxy's hands before the connection is reset.
const PART: Duration = Duration::from_millis(20);
/// The longest request: more is a runaway peer.
const LONGEST: usize = 64 * 1024;

/// How an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Well,
    /// Takes ten times as long.
    Slow,
    /// Accepts and reads, and answers only when it is healed.
    Hung,
    /// 500 to everything.
    Failing,
    /// Resets the connection in the middle of the head.
    CutHead,
    /// Resets the connection in the middle of the body.
    CutBody,
    /// Ends the connection after each answer, and does not say so before.
    Closing,
    /// 503 to half of the requests; what it is asked about its health it answers well.
    Brown,
}

const MODES: [(Mode, &str); 8] = [
    (Mode::Well, "well"),
    (Mode::Slow, "slow"),
    (Mode::Hung, "hung"),
    (Mode::Failing, "failing"),
    (Mode::CutHead, "cut-head"),
    (Mode::CutBody, "cut-body"),
    (Mode::Closing, "closing"),
    (Mode::Brown, "brown"),
];

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = MODES.iter().find(|(mode, _)| mode == self);
        f.write_str(name.map_or("", |(_, name)| name))
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mode = MODES.iter().find(|(_, name)| *name == text);
        mode.map(|(mode, _)| *mode)
            .ok_or(format!("no mode `{text}`"))
    }
}

/// What both the body of a request and that of its answer are: nobody else's.
pub(crate) fn text(method: &str, id: u64) -> String {
    format!("{method} {id} {:.<1024}", "")
}

/// Serves `addr` until its standard input ends.
pub(crate) fn run(addr: SocketAddr) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(addr).await?;
        let (tell, mode) = watch::channel(Mode::Well);
        tokio::spawn(accept(listener, mode));
        println!("ready");
        let mut orders = BufReader::new(tokio::io::stdin()).lines();
        while let Some(order) = orders.next_line().await? {
            let mode = order.parse().map_err(io::Error::other)?;
            tell.send_replace(mode);
            println!("now {mode}");
        }
        Ok(())
    })
}

async fn accept(listener: TcpListener, mode: watch::Receiver<Mode>) {
    loop {
        // Nothing but a lack of descriptors can go wrong, and that passes.
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream, mode.clone()));
        }
    }
}

/// One request after the other. A proxy that leaves is no fault.
async fn serve(mut stream: TcpStream, mut mode: watch::Receiver<Mode>) -> io::Result<()> {
    let mut brown = Random::new(stream.peer_addr()?.port().into());
    let mut received = Vec::new();
    while let Some(request) = receive(&mut stream, &mut received).await? {
        println!("{request}");
        let is_slow = *mode.borrow() == Mode::Slow;
        sleep(if is_slow { SERVICE * 10 } else { SERVICE }).await;
        let now = mode.wait_for(|mode| *mode != Mode::Hung).await;
        let now = *now.map_err(io::Error::other)?;
        let failure = match now {
            Mode::Failing => Some("500 Internal Server Error"),
            Mode::Brown if request.id.is_some() && brown.below(2) == 1 => {
                Some("503 Service Unavailable")
            }
            _ => None,
        };
        let (head, body) = answer(&request, failure);
        match now {
            Mode::CutHead => return cut(stream, &head.as_bytes()[..head.len() / 2]).await,
            Mode::CutBody => {
                let half = &body[..body.len() / 2];
                return cut(stream, format!("{head}{half}").as_bytes()).await;
            }
            _ => stream.write_all(format!("{head}{body}").as_bytes()).await?,
        }
        if now == Mode::Closing {
            return Ok(());
        }
    }
    Ok(())
}

fn answer(request: &Request, failure: Option<&str>) -> (String, String) {
    let body = match (failure, request.id) {
        (Some(_), _) => "no".to_owned(),
        (None, Some(id)) => text(&request.method, id),
        (None, None) => "healthy".to_owned(),
    };
    let status = failure.unwrap_or("200 OK");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head, body)
}

/// Sends a part of an answer, and then a reset.
async fn cut(mut stream: TcpStream, part: &[u8]) -> io::Result<()> {
    stream.write_all(part).await?;
    sleep(PART).await;
    stream.set_zero_linger()
}

/// A request, as far as anybody asks.
struct Request {
    method: String,
    /// The number in its path; a probe has none.
    id: Option<u64>,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "{} {id}", self.method),
            None => f.write_str("probe"),
        }
    }
}

/// The next request with its whole body; `None` when the connection has ended before.
async fn receive(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<Option<Request>> {
    loop {
        if let Some((request, length)) = parse(received)? {
            received.drain(..length);
            return Ok(Some(request));
        }
        if received.len() > LONGEST || stream.read_buf(received).await? == 0 {
            return Ok(None);
        }
    }
}

/// The first request and its length, once it is all there. A body has a Content-Length, or it is none of the drill's.
fn parse(received: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&received[..end]);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim())
    });
    let length: usize = length.unwrap_or("0").parse().map_err(io::Error::other)?;
    let Some(body) = received.get(end + 4..end + 4 + length) else {
        return Ok(None);
    };
    let id = path[1.min(path.len())..].parse().ok();
    if let Some(id) = id
        && method == "POST"
        && body != text(method, id).as_bytes()
    {
        println!("garbled {id}");
        return Err(io::Error::other("garbled"));
    }
    let method = method.to_owned();
    Ok(Some((Request { method, id }, end + 4 + length)))
}
