//! The thread, the runtime and the listener of an origin.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::ledger::{Book, Connection};
use crate::port::ClosedPort;

/// Serves one connection until it is over.
type Serve = Arc<dyn Fn(TcpStream, Connection) -> Served + Send + Sync>;
type Served = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server that can be stopped and restarted on its port.
pub(super) struct Host {
    addr: SocketAddr,
    book: Book,
    serve: Serve,
    state: Mutex<State>,
}

enum State {
    Running(Running),
    /// The port is kept from others until the restart.
    Stopped {
        _port: ClosedPort,
    },
    /// The origin is gone.
    Done,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

// === impl Host ===

impl Host {
    /// Serves every connection to a free loopback port with `serve`.
    pub(super) fn start<H, F>(serve: H) -> Self
    where
        H: Fn(TcpStream, Connection) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let serve: Serve = Arc::new(move |stream, connection| Box::pin(serve(stream, connection)));
        let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let addr = listener.local_addr().expect("a listener has an address");
        let book = Book::new();
        let running = Running::spawn(listener, Arc::clone(&serve), book.clone());
        Self {
            addr,
            book,
            serve,
            state: Mutex::new(State::Running(running)),
        }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(super) fn book(&self) -> &Book {
        &self.book
    }

    pub(super) fn stop(&self) {
        let mut state = self.state();
        let State::Running(running) = std::mem::replace(&mut *state, State::Done) else {
            panic!("the origin on {} is not running", self.addr);
        };
        running.join(&self.book);
        let port = ClosedPort::at(self.addr).expect("no other program takes the port");
        *state = State::Stopped { _port: port };
        drop(state);
        self.book.check();
    }

    pub(super) fn restart(&self) {
        let mut state = self.state();
        let State::Stopped { .. } = &*state else {
            panic!("the origin on {} is not stopped", self.addr);
        };
        let (serve, book) = (Arc::clone(&self.serve), self.book.clone());
        *state = State::Running(Running::spawn(listen(self.addr), serve, book));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut *self.state(), State::Done);
        if let State::Running(running) = state {
            running.join(&self.book);
        }
        if !thread::panicking() {
            self.book.check();
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.addr, self.book)
    }
}

// === impl Running ===

impl Running {
    fn spawn(listener: StdListener, serve: Serve, book: Book) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("origin".to_owned())
            .spawn(move || {
                let runtime = runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.expect("a runtime for the origin");
                runtime.block_on(run(listener, serve, book, stopped));
            });
        let thread = thread.expect("a thread for the origin");
        Self { stop, thread }
    }

    /// Closes everything; when this returns it is closed.
    fn join(self, book: &Book) {
        drop(self.stop);
        if self.thread.join().is_err() {
            book.fail("its accept loop".to_owned());
        }
    }
}

/// Accepts until `stopped`, then drops every connection.
async fn run(listener: StdListener, serve: Serve, book: Book, mut stopped: oneshot::Receiver<()>) {
    let listener = TcpListener::from_std(listener).expect("a nonblocking listener");
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(outcome) = connections.join_next() => book.ended(outcome),
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("accepting");
                stream.set_nodelay(true).expect("a connected socket");
                let (connection, over) = book.open();
                let served = serve(stream, connection);
                connections.spawn(async move {
                    let _over = over;
                    served.await;
                });
            }
        }
    }
    drop(listener);
    connections.abort_all();
    while let Some(outcome) = connections.join_next().await {
        book.ended(outcome);
    }
}

/// Listens on `addr`; std sets `SO_REUSEADDR`, without which a restart would have to wait.
fn listen(addr: SocketAddr) -> StdListener {
    let listener = StdListener::bind(addr).unwrap_or_else(|error| panic!("{addr}: {error}"));
    listener.set_nonblocking(true).expect("a socket");
    listener
}
