use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::*;
use crate::body::Body;
use crate::handler::Response;
use crate::server::App;
use crate::server::entry::Entry;
use crate::server::options::Config;
use crate::server::shutdown::ServerHandle;
use crate::server::worker::MAX_BUSY;
use crate::{ModifiableRequest, Router};

/// In bytes, on a platform of 64 bits, with every runtime of tokio's built in. With what that adds it is a task of 384.
///
/// | | |
/// |---|---|
/// | `Idle::stream` | 32, and 8 for mio's debug assertions |
/// | `Idle::guest` | 48 |
/// | `Idle::life`, `deadline` | 24, 16 |
/// | `Idle::permit`, `timer`, `shared` | 16, 8, 8 |
/// | the wait: 64 for a place among those to be told of a drain | 120 |
/// | its state | 8 |
const TASK: usize = 280 + if cfg!(debug_assertions) { 8 } else { 0 };

fn size_of_task<F>(
    _: impl Fn(&Arc<Shared>, TcpStream, SocketAddr, OwnedSemaphorePermit) -> Option<F>,
) -> usize {
    size_of::<F>()
}

#[cfg(target_pointer_width = "64")]
#[test]
fn an_idle_connection_is_small() {
    assert!(size_of_task(serve) <= TASK, "{}", size_of_task(serve));
}

/// A client, its connection to a proxy that answers each request by itself, with the path, and the way to end that.
async fn pair(config: Config) -> (TcpStream, Idle, ServerHandle) {
    let echo = |request: ModifiableRequest| Response::new(Body::from(request.path().to_owned()));
    let router = Router::new().at("/{*path}", crate::proxy(["127.0.0.1:9"], echo));
    let wired = router.wire().expect("a route");
    let proxy = (wired.proxy)().expect("a proxy");
    let entry = Entry::new(config, wired.trusted, wired.tells_local);
    let server = ServerHandle::new();
    let shared = Arc::new(Shared::new(entry, proxy, server.subscribe()));

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let addr = listener.local_addr().expect("bound");
    let (client, accepted) = tokio::join!(TcpStream::connect(addr), listener.accept());
    let (stream, addr) = accepted.expect("accepted");
    let permit = Arc::new(Semaphore::new(1)).acquire_owned().await;
    let idle = Idle::new(&shared, stream, addr, permit.expect("a permit"));
    (client.expect("connected"), idle.expect("a place"), server)
}

/// So many connections that no other may stay ready.
fn crowd(idle: &Idle) -> Vec<Busy> {
    let busy = || Busy::new(&idle.shared);
    std::iter::repeat_with(busy).take(MAX_BUSY).collect()
}

/// Serves a client that has sent something, until it lies idle again.
async fn busy(mut idle: Idle) -> Idle {
    let input = idle.wait().await.expect("something came");
    let idle = Connection::serve(idle, input).await.expect("no error");
    idle.expect("it goes on")
}

async fn send(client: &mut TcpStream, text: &str) {
    client.write_all(text.as_bytes()).await.expect("sent");
}

/// Asks for `path`, and is answered.
async fn ask(client: &mut TcpStream, path: &str) {
    send(client, &request(path)).await;
    answered(client, path).await;
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// Reads one response, to a request for `path`.
async fn answered(client: &mut TcpStream, path: &str) {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        text.push(client.read_u8().await.expect("a head"));
    }
    assert!(text.starts_with(b"HTTP/1.1 200 "), "{path}");
    let mut body = vec![0; path.len()];
    client.read_exact(&mut body).await.expect("a body");
    assert_eq!(body, path.as_bytes());
}

#[tokio::test]
async fn among_many_it_is_taken_apart_after_each_response() {
    let (mut client, mut idle, _server) = pair(Config::default()).await;
    let _crowd = crowd(&idle);
    for requests in 1..=3 {
        (idle, ()) = tokio::join!(busy(idle), ask(&mut client, "/x"));
        assert_eq!(idle.life.requests, requests);
    }
}

/// Whatever was read ahead is served first, also what is not a whole request yet.
#[tokio::test]
async fn nothing_that_was_read_is_lost() {
    let (mut client, idle, _server) = pair(Config::default()).await;
    let _crowd = crowd(&idle);
    let ahead = [request("/1"), request("/2"), request("/3")].concat();
    let (now, later) = ahead.split_at(ahead.len() - 7);
    send(&mut client, now).await;
    let asking = async {
        answered(&mut client, "/1").await;
        answered(&mut client, "/2").await;
        send(&mut client, later).await;
        answered(&mut client, "/3").await;
    };
    let (idle, ()) = tokio::join!(busy(idle), asking);
    assert_eq!(idle.life.requests, 3);
}

/// A busy client finds it ready; one that pauses does not.
#[tokio::test]
async fn it_stays_ready_for_a_while() {
    let (mut client, idle, _server) = pair(Config::default()).await;
    let asking = async {
        ask(&mut client, "/1").await;
        ask(&mut client, "/2").await;
        // From here on nothing is on its way, and the clock jumps to the next timer.
        tokio::time::pause();
    };
    let (mut idle, ()) = tokio::join!(busy(idle), asking);
    assert_eq!(idle.life.requests, 2);
    assert_eq!(idle.wait().await, None, "nothing ever comes");
    assert!(Instant::now() >= idle.deadline);
}

/// The limits are counted from the last response, whether it was taken apart since or not.
#[tokio::test]
async fn it_is_given_up_when_its_time_is_over() {
    let minute = Duration::from_mins(1);
    let config = |keep_alive_timeout, max_connection_age| Config {
        max_connection_age,
        keep_alive_timeout,
        ..Config::default()
    };
    for crowded in [false, true] {
        for config in [config(minute, 2 * minute), config(2 * minute, minute)] {
            let before = Instant::now();
            let (mut client, idle, _server) = pair(config).await;
            let _crowd = crowded.then(|| crowd(&idle));
            let asking = async {
                ask(&mut client, "/x").await;
                let after = Instant::now();
                tokio::time::pause();
                after
            };
            let (mut idle, after) = tokio::join!(busy(idle), asking);
            assert!((before + minute..=after + minute).contains(&idle.deadline));
            assert_eq!(idle.wait().await, None, "nothing ever comes");
            tokio::time::resume();
        }
    }
}

/// Empty lines wake it, and win no time.
#[tokio::test]
async fn empty_lines_win_no_time() {
    let (mut client, mut idle, _server) = pair(Config::default()).await;
    let deadline = idle.deadline;
    send(&mut client, "\r\n").await;
    let input = idle.wait().await.expect("something came");
    tokio::time::pause();
    let idle = Connection::serve(idle, input).await.expect("no error");
    let idle = idle.expect("it goes on");
    assert_eq!((idle.deadline, idle.life.requests), (deadline, 0));
}

/// That ends it without that anything was built.
#[tokio::test]
async fn it_notices_a_client_that_leaves() {
    let (client, mut idle, _server) = pair(Config::default()).await;
    let (something, ()) = tokio::join!(idle.wait(), async { drop(client) });
    assert_eq!(something, None);
    assert!(Instant::now() < idle.deadline);
}

#[tokio::test]
async fn it_ends_when_the_server_drains() {
    for before in [true, false] {
        let (_client, mut idle, server) = pair(Config::default()).await;
        let shared = Arc::clone(&idle.shared);
        let drain = async {
            server.shutdown();
            shared.end_idle();
        };
        if before {
            drain.await;
            assert_eq!(idle.wait().await, None);
        } else {
            let (something, ()) = tokio::join!(idle.wait(), drain);
            assert_eq!(something, None);
        }
        assert!(Instant::now() < idle.deadline, "{before}");
    }
}
