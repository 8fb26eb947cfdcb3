//! Clients: a request at each moment of a fixed schedule, however the ones before it fare.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use dial::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::endpoint::text;

/// Requests a second.
pub(crate) const RATE: u32 = 300;

/// How long a client waits. With [`RATE`] that bounds the requests under way: 1,800.
const DEADLINE: Duration = Duration::from_secs(6);

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// The same number for no other request of the phase.
    pub(crate) id: u64,
    pub(crate) is_post: bool,
    /// When it was due.
    pub(crate) due: Instant,
    pub(crate) ended: Instant,
    pub(crate) failure: Option<Failure>,
}

/// How a request failed, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// An answer with another status than 200.
    Status(u16),
    /// No connection to the proxy.
    Connect,
    /// The connection broke before the end of the answer.
    Reset,
    Timeout,
    /// An answer that is whole, and is not what an endpoint has sent.
    Wrong,
}

type Connection = SendRequest<Full<Bytes>>;

/// The connections to a proxy that no request is on.
struct Clients {
    proxy: SocketAddr,
    idle: RefCell<Vec<Connection>>,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    Gets,
    /// GET and POST in turn.
    Both,
}

/// Sends requests to `proxy` for as long as `script` takes, and waits for the last ones.
pub(crate) async fn during(
    proxy: SocketAddr,
    mix: Mix,
    script: impl Future<Output = ()>,
) -> Vec<Outcome> {
    let clients = Rc::new(Clients {
        proxy,
        idle: RefCell::default(),
    });
    let mut requests = JoinSet::new();
    let mut outcomes = Vec::new();
    let began = Instant::now();
    tokio::pin!(script);
    for id in 0_u32.. {
        let due = began + Duration::from_secs(1) * id / RATE;
        tokio::select! {
            () = &mut script => break,
            () = sleep_until(due) => {}
        }
        let is_post = mix == Mix::Both && id % 2 == 1;
        requests.spawn_local(Rc::clone(&clients).request(id.into(), is_post, due));
        while let Some(done) = requests.try_join_next() {
            outcomes.push(done.expect("a request does not panic"));
        }
    }
    outcomes.extend(requests.join_all().await);
    outcomes
}

impl Clients {
    async fn request(self: Rc<Self>, id: u64, is_post: bool, due: Instant) -> Outcome {
        let method = if is_post { Method::POST } else { Method::GET };
        let exchange = timeout(DEADLINE, self.exchange(method, id)).await;
        Outcome {
            id,
            is_post,
            due,
            ended: Instant::now(),
            failure: exchange.unwrap_or(Err(Failure::Timeout)).err(),
        }
    }

    async fn exchange(&self, method: Method, id: u64) -> Result<(), Failure> {
        let answer = text(method.as_str(), id);
        let body = match method {
            Method::POST => Bytes::from(answer.clone()),
            _ => Bytes::new(),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/{id}"))
            .header(header::HOST, "drill")
            .body(Full::new(body))
            .expect("a request");
        // Each turn uses up a connection that the proxy has closed while nothing was on it.
        loop {
            let idle = self.idle.borrow_mut().pop();
            let is_new = idle.is_none();
            let mut connection = match idle {
                Some(connection) => connection,
                None => connect(self.proxy).await?,
            };
            match connection.try_send_request(request).await {
                Ok(response) => {
                    let status = response.status();
                    let body = response.into_body().collect().await;
                    let body = body.map_err(|_| Failure::Reset)?.to_bytes();
                    self.idle.borrow_mut().push(connection);
                    return match status {
                        StatusCode::OK if body == answer.as_bytes() => Ok(()),
                        StatusCode::OK => Err(Failure::Wrong),
                        status => Err(Failure::Status(status.as_u16())),
                    };
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) if !is_new => request = unsent,
                    _ => return Err(Failure::Reset),
                },
            }
        }
    }
}

async fn connect(proxy: SocketAddr) -> Result<Connection, Failure> {
    let stream = TcpStream::connect(proxy)
        .await
        .map_err(|_| Failure::Connect)?;
    stream.set_nodelay(true).map_err(|_| Failure::Connect)?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Failure::Connect)?;
    // What ends it shows where its request is waited for.
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(sender)
}
