//! The whole proxy: what a client sends, through a real server over sockets, to an origin that answers with given bytes.
//!
//! ```text
//! GET / HTTP/1.1
//! Host: a
//!
//!
//! ====
//! HTTP/1.1 200 OK
//! Content-Length: 2
//!
//! ok
//! ```
//! The line end before `====` belongs to it; all other lines end as they please. There may be several answers, one for
//! each request that comes to the origin and one for each head that expects to be told to continue; behind `====+` is one
//! that leaves the connection open. When there are no more, the origin says `ok`.
//!
//! The client closes its side once it has sent everything, the origin behind its answer: so each exchange ends with an event
//! and none has to be waited out. A deadline that runs out is a failure.

mod check;
mod play;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;

use self::play::{Answer, Play};
use crate::builder::Router;
use crate::config::{Timeouts, Via};
use crate::error::Error;
use crate::handler::{ModifiableRequest, Response};
use crate::server::Server;

/// Far longer than an exchange takes, and than each of dial's own timeouts.
const DEADLINE: Duration = Duration::from_secs(20);
/// dial's own.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The proxy's, in Via.
const NAME: &str = "fuzz";
/// Answers of an input.
const MOST: usize = 64;
/// Below this path a handler and hooks edit what passes.
const EDITED: &str = "/edit";

/// Any bytes, of the form above.
pub fn proxy(data: &[u8]) {
    static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| Mutex::new(World::start()));
    let (client, answers) = parts(data);
    let world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = world.exchange(client, answers);
    check::check(client, &seen, world.origin_addr());
    assert!(
        !PANICKED.swap(false, Ordering::Relaxed),
        "the server panicked"
    );
}

/// Whether a worker of a test's server panicked. Under the fuzzer any panic ends the process.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// The client's bytes and the origin's answers.
fn parts(data: &[u8]) -> (&[u8], Vec<Answer>) {
    const MARK: &[u8] = b"\n====";
    let mut blocks: Vec<(bool, usize, usize)> = vec![(false, 0, data.len())];
    let mut at = 0;
    while let Some(found) = data[at..]
        .windows(MARK.len())
        .position(|bytes| bytes == MARK)
    {
        let (start, behind) = (at + found, at + found + MARK.len());
        let (keep, line) = match &data[behind..] {
            [b'+', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        at = behind;
        if let [] | [b'\n', ..] = line {
            if let Some((_, _, end)) = blocks.last_mut() {
                *end = start;
            }
            let begin = data.len() - line.len().saturating_sub(1);
            blocks.push((keep, begin, data.len()));
            // The line end may belong to the next mark.
            at = begin.saturating_sub(1).max(behind);
        }
        if blocks.len() > MOST {
            break;
        }
    }
    let block = |(_, start, end): &(bool, usize, usize)| data.get(*start..*end).unwrap_or_default();
    let answers = blocks.iter().skip(1).map(|answer| Answer {
        bytes: block(answer).to_vec(),
        keep: answer.0,
    });
    (block(&blocks[0]), answers.collect())
}

/// A proxy, and the socket of the origin behind it; one for all inputs.
struct World {
    runtime: Runtime,
    proxy: SocketAddr,
    origin: TcpListener,
    /// Stops the server when it is dropped.
    _server: Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>,
}

impl World {
    fn start() -> Self {
        if cfg!(test) {
            watch_panics();
        }
        let origin = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("an origin");
        origin
            .set_nonblocking(true)
            .expect("a socket that does not block");
        let upstream = crate::Upstream::new([origin.local_addr().expect("an address").to_string()]);
        let upstream = upstream.expect("an upstream");
        let timeouts = Timeouts::default().connect(TIMEOUT).response(TIMEOUT);
        let timeouts = timeouts.body(TIMEOUT).expect(Duration::from_millis(50));
        let router = Router::new()
            .at("/{*path}", crate::builder::proxy(&upstream, plain))
            .at(
                format!("{EDITED}/{{*path}}"),
                crate::builder::proxy(&upstream, edited),
            )
            .via(Via::named(NAME).expect("a name"))
            .real_ip(true)
            .timeouts(timeouts);
        let server = Server::builder()
            .workers(1)
            .signals(false)
            .header_read_timeout(TIMEOUT)
            .body_timeout(TIMEOUT)
            .tunnel_timeout(TIMEOUT)
            .bind("127.0.0.1:0", router)
            .expect("a server");
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            proxy: server.local_addr(),
            origin,
            _server: Box::pin(server.run()),
        }
    }

    fn origin_addr(&self) -> SocketAddr {
        self.origin.local_addr().expect("an address")
    }

    /// Plays one input to its end.
    fn exchange(&self, client: &[u8], answers: Vec<Answer>) -> play::Seen {
        self.runtime.block_on(async {
            let mut play = Play::begin(self.proxy, &self.origin, client, answers).await;
            let ended = std::future::poll_fn(|cx| play.poll(cx));
            let ended = tokio::time::timeout(DEADLINE, ended).await;
            let seen = play.end(&self.origin);
            assert!(ended.is_ok(), "no end: {seen:?}");
            seen
        })
    }
}

fn plain(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// What takes other ways through the proxy than a request nobody touches.
fn edited(request: &mut ModifiableRequest) {
    request
        .strip_prefix(EDITED)
        .add_header("x-edited", "1")
        .map_body(|body| body)
        .on_response(|response: &mut Response| {
            response.headers_mut().remove("x-secret");
        });
}

fn watch_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // A worker of this process's only server.
        if std::thread::current()
            .name()
            .is_some_and(|name| name.starts_with("dial-"))
        {
            PANICKED.store(true, Ordering::Relaxed);
        }
        before(info);
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_come_apart() {
        let (client, answers) = parts(b"GET\r\n\n====\none\n\n====+\ntwo\n====\n====+\n\n=====\n");
        assert_eq!(client, b"GET\r\n");
        let answers: Vec<_> = answers.iter().map(|one| (&*one.bytes, one.keep)).collect();
        let expected: [(&[u8], bool); 4] = [
            (b"one\n", false),
            (b"two", true),
            (b"", false),
            (b"\n=====\n", true),
        ];
        assert_eq!(answers, expected);
        assert_eq!(parts(b"").0, b"");
        assert_eq!(parts(b"GET").0, b"GET");
        assert_eq!(parts(b"GET\n====").1.len(), 1);
    }
}
