//! Origins that keep nothing but the number of their connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

const COUNT: usize = 8;
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nchurn";

/// All of them, on a thread that ends when this is dropped.
pub(crate) struct Origins {
    addrs: Vec<SocketAddr>,
    open: Arc<AtomicUsize>,
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Origins {
    pub(crate) fn start() -> Self {
        let listeners: Vec<_> = (0..COUNT)
            .map(|_| std::net::TcpListener::bind("127.0.0.1:0").expect("loopback"))
            .collect();
        let addrs = listeners.iter().map(std::net::TcpListener::local_addr);
        let addrs = addrs.collect::<Result<_, _>>().expect("bound");
        let open = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&open);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                for listener in listeners {
                    listener.set_nonblocking(true).expect("a socket");
                    let listener = TcpListener::from_std(listener).expect("a listener");
                    tokio::spawn(accept(listener, Arc::clone(&counter)));
                }
                let _ = stopped.await;
            });
        });
        Self {
            addrs,
            open,
            thread: Some((stop, thread)),
        }
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        let addrs = self.addrs.iter();
        addrs.map(|addr| format!("http://{addr}")).collect()
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

impl Drop for Origins {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, open: Arc<AtomicUsize>) {
    loop {
        let (stream, _) = listener.accept().await.expect("accepting");
        open.fetch_add(1, Ordering::SeqCst);
        let open = Arc::clone(&open);
        tokio::spawn(async move {
            // Whichever way it ends.
            let _ = serve(stream).await;
            open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut received = Vec::new();
    loop {
        message(&mut stream, &mut received).await?;
        stream.write_all(RESPONSE).await?;
    }
}

/// Reads the next message, whose body is as long as its Content-Length says, and returns its head.
pub(crate) async fn message(stream: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<String> {
    loop {
        if let Some((head, length)) = whole(received) {
            received.drain(..length);
            return Ok(head);
        }
        if stream.read_buf(received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn whole(received: &[u8]) -> Option<(String, usize)> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = end + length.map_or(0, |length| length.parse().expect("a length"));
    let head = String::from_utf8_lossy(&received[..end]).into_owned();
    (received.len() >= length).then_some((head, length))
}
