//! Sockets that listen, and where a worker gets its connections from.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::{mpsc, oneshot};

use super::PhaseReceiver;
use super::shutdown::{Phase, reached};
use super::worker::Ended;
use crate::error::{Error, ErrorKind};

/// Connections the kernel queues for each listener.
const BACKLOG: i32 = 4096;
/// Connections that wait to be taken over by a worker, when one thread accepts for all.
const HANDED: usize = 64;
/// How long to wait when the process is out of sockets.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Whether what a listener accepts does not hold small writes back when the listener is told not to, which saves a system
/// call for each connection.
pub(super) const NODELAY_IS_INHERITED: bool = cfg!(target_os = "linux");

/// An address to listen on: `&str`, `String` (`"0.0.0.0:8080"`, `"localhost:80"`) or [`SocketAddr`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an address to listen on",
    note = "use \"0.0.0.0:8080\" or a `SocketAddr`"
)]
pub trait IntoAddr {
    /// The addresses, of which the first that can be bound is used.
    #[doc(hidden)]
    fn into_addrs(self) -> Result<Vec<SocketAddr>, Error>;
}

impl IntoAddr for SocketAddr {
    fn into_addrs(self) -> Result<Vec<SocketAddr>, Error> {
        Ok(vec![self])
    }
}

impl IntoAddr for &str {
    fn into_addrs(self) -> Result<Vec<SocketAddr>, Error> {
        let bad = || Error::new(ErrorKind::Server, format!("cannot listen on `{self}`"));
        let addrs: Vec<_> = self
            .to_socket_addrs()
            .map_err(|source| bad().with_source(source))?
            .collect();
        if addrs.is_empty() {
            return Err(bad().with_source("the name has no address"));
        }
        Ok(addrs)
    }
}

impl IntoAddr for String {
    fn into_addrs(self) -> Result<Vec<SocketAddr>, Error> {
        self.as_str().into_addrs()
    }
}

impl IntoAddr for &String {
    fn into_addrs(self) -> Result<Vec<SocketAddr>, Error> {
        self.as_str().into_addrs()
    }
}

/// One listener, or one for each worker on the same port.
pub(super) struct Listeners {
    addr: SocketAddr,
    sockets: Vec<TcpListener>,
}

/// Where one worker gets its connections from.
pub(super) enum Source {
    /// Its own listener.
    Own(TcpListener),
    /// The thread that accepts for all.
    Handed(mpsc::Receiver<TcpStream>),
}

impl Listeners {
    /// Binds the first of `addrs` that can be bound, `count` times.
    pub(super) fn bind(addrs: &[SocketAddr], count: usize) -> Result<Self, Error> {
        let mut last = None;
        for addr in addrs {
            match Self::bind_one(*addr, count) {
                Ok(listeners) => return Ok(listeners),
                Err(source) => {
                    let what = format!("cannot listen on {addr}");
                    last = Some(Error::new(ErrorKind::Server, what).with_source(source));
                }
            }
        }
        Err(last.unwrap_or_else(|| Error::new(ErrorKind::Server, "no address to listen on")))
    }

    fn bind_one(addr: SocketAddr, count: usize) -> io::Result<Self> {
        if count == 1 {
            let socket = listen(addr, false)?;
            let addr = socket.local_addr()?;
            return Ok(Self {
                addr,
                sockets: vec![socket],
            });
        }
        if addr.port() != 0 {
            // With SO_REUSEPORT a port on which another server of the same user listens would be shared silently
            // instead of refused. A port the kernel chooses is nobody else's.
            drop(listen(addr, false)?);
        }
        let first = listen(addr, true)?;
        let addr = first.local_addr()?;
        let mut sockets = vec![first];
        for _ in 1..count {
            sockets.push(listen(addr, true)?);
        }
        Ok(Self { addr, sockets })
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// A source for each of `workers`; and the end of the thread that accepts for all, if there is one.
    pub(super) fn into_sources(
        self,
        workers: usize,
        phase: PhaseReceiver,
    ) -> Result<(Vec<Source>, Option<Ended>), Error> {
        let mut sockets = self.sockets;
        if sockets.len() == workers {
            return Ok((sockets.into_iter().map(Source::Own).collect(), None));
        }
        let Some(socket) = sockets.pop() else {
            return Err(Error::new(ErrorKind::Server, "no listener"));
        };
        let (senders, sources) = (0..workers)
            .map(|_| {
                let (sender, receiver) = mpsc::channel(HANDED);
                (sender, Source::Handed(receiver))
            })
            .unzip();
        let acceptor = hand_out(socket, senders, phase)?;
        Ok((sources, Some(acceptor)))
    }
}

fn listen(addr: SocketAddr, reuse_port: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Without it a restart would have to wait for connections in TIME_WAIT; on Windows it would mean something else.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(reuse_port)?;
    let _ = reuse_port;
    socket.set_nonblocking(true)?;
    // A response's parts are written together; waiting for more would only delay them.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Starts the thread that accepts for all workers and hands connections out in turn. It ends with the first phase
/// after running, or when no worker is left.
fn hand_out(
    socket: TcpListener,
    senders: Vec<mpsc::Sender<TcpStream>>,
    mut phase: PhaseReceiver,
) -> Result<Ended, Error> {
    let failed = |source: io::Error| {
        Error::new(ErrorKind::Server, "cannot start the acceptor").with_source(source)
    };
    let runtime = super::worker::runtime().map_err(failed)?;
    let accept = async move {
        let listener = tokio::net::TcpListener::from_std(socket)?;
        let mut turn = 0usize;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = reached(&mut phase, Phase::Draining) => return Ok(()),
            };
            match accepted.and_then(|(stream, _)| stream.into_std()) {
                Ok(stream) => {
                    turn = turn.wrapping_add(1);
                    if !hand_over(&senders, turn, stream).await {
                        return Ok(());
                    }
                }
                Err(error) => {
                    tracing::warn!("cannot accept: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    let (ended, receiver) = oneshot::channel();
    thread::Builder::new()
        .name("dial-acceptor".to_owned())
        .spawn(move || {
            let result: io::Result<()> = runtime.block_on(accept);
            // The listener is closed by now: whoever waits for the end may bind its port again.
            let _ = ended.send(result.map_err(failed));
        })
        .map_err(failed)?;
    Ok(receiver)
}

/// Gives a connection to the worker whose turn it is, or to the next with room; waits when none has.
async fn hand_over(senders: &[mpsc::Sender<TcpStream>], turn: usize, stream: TcpStream) -> bool {
    let mut stream = stream;
    for step in 0..senders.len() {
        match senders[(turn + step) % senders.len()].try_send(stream) {
            Ok(()) => return true,
            Err(
                mpsc::error::TrySendError::Full(back) | mpsc::error::TrySendError::Closed(back),
            ) => {
                stream = back;
            }
        }
    }
    senders[turn % senders.len()].send(stream).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_does_not_hold_writes_back() {
        let listener = listen(([127, 0, 0, 1], 0).into(), false).expect("loopback");
        let addr = listener.local_addr().expect("bound");
        let _client = TcpStream::connect(addr).expect("connected");
        listener.set_nonblocking(false).expect("blocking");
        let (accepted, _) = listener.accept().expect("accepted");
        let inherited = accepted.nodelay().expect("the option");
        assert!(inherited || !NODELAY_IS_INHERITED);
    }
}
