//! Ports at which nobody answers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::wait::STALL;

/// A loopback port that refuses every connection for as long as this value lives.
///
/// The socket is bound but does not listen, so that nothing else can be given the port meanwhile.
#[derive(Debug)]
pub struct ClosedPort {
    addr: SocketAddr,
    _socket: TcpSocket,
}

impl ClosedPort {
    /// Takes a free port.
    #[must_use]
    pub fn new() -> Self {
        Self::at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free loopback port")
    }

    pub(crate) fn at(addr: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        Ok(Self {
            addr: socket.local_addr()?,
            _socket: socket,
        })
    }

    /// The address that refuses.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Default for ClosedPort {
    fn default() -> Self {
        Self::new()
    }
}

/// A loopback port at which connecting takes forever, for as long as this value lives.
///
/// It listens with a full backlog that nobody empties, so that Linux drops every further SYN. Other
/// systems may refuse instead: tests that need it are for Linux.
#[derive(Debug)]
pub struct SilentPort {
    listener: TcpListener,
    _backlog: Vec<TcpStream>,
}

impl SilentPort {
    /// Takes a free port and fills its backlog; the connection that no longer fits is waited for as
    /// long as [`STALL`].
    pub async fn new() -> Self {
        Self::fill().await.expect("a free loopback port")
    }

    async fn fill() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(1)?;
        let mut backlog = Vec::new();
        while let Ok(fits) = timeout(STALL, TcpStream::connect(listener.local_addr()?)).await {
            backlog.push(fits?);
        }
        Ok(Self {
            listener,
            _backlog: backlog,
        })
    }

    /// The address that does not answer.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.listener
            .local_addr()
            .expect("a listener has an address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let port = ClosedPort::new();
        for _ in 0..3 {
            let refused = TcpStream::connect(port.addr()).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_silent_port_says_nothing() {
        let port = SilentPort::new().await;
        for _ in 0..2 {
            let connecting = timeout(STALL, TcpStream::connect(port.addr()));
            assert!(connecting.await.is_err());
        }
    }
}
