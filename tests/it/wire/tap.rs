//! A client's stream that remembers what it brought, for the report of a row that fails.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use dial_tests::RawClient;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What was received. Clones are the same memory.
#[derive(Clone, Default)]
pub(super) struct Received(Arc<Mutex<Vec<u8>>>);

pub(super) struct Tap {
    stream: TcpStream,
    received: Received,
}

impl Received {
    /// A client whose every byte received ends up here.
    pub(super) async fn connect(&self, addr: SocketAddr) -> RawClient<Tap> {
        let stream = TcpStream::connect(addr).await.expect("dial listens");
        stream.set_nodelay(true).expect("a connected socket");
        let received = self.clone();
        RawClient::over(Tap { stream, received })
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let mut received = self
            .received
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        received.extend_from_slice(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
