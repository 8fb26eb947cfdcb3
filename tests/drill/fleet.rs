//! The three endpoints, what is done to them, and what they say they have received.

use std::cell::{Ref, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use dial_tests::ClosedPort;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout};

use crate::child::{Child, Output, PATIENCE};
use crate::endpoint::Mode;

/// How many endpoints there are.
pub(crate) const SIZE: usize = 3;

/// A request, whole, at an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    pub(crate) endpoint: usize,
    pub(crate) at: Instant,
    pub(crate) is_post: bool,
    pub(crate) id: u64,
}

/// A time during which an endpoint did not do as it should.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) endpoint: usize,
    pub(crate) from: Instant,
    /// When it was healed.
    pub(crate) to: Option<Instant>,
    /// Until when the end of its process, or of a connection, may have swallowed what was sent to it.
    pub(crate) swallowed: Option<Instant>,
}

/// What has happened to the endpoints, and at them. Grows with the number of requests of one phase.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) faults: Vec<Fault>,
    /// Requests that arrived with another body than they were sent with.
    pub(crate) garbled: usize,
}

/// All endpoints; killed when dropped.
pub(crate) struct Fleet {
    endpoints: Vec<Endpoint>,
    book: Rc<RefCell<Book>>,
}

struct Endpoint {
    /// Nobody else is given the port while it is held.
    port: ClosedPort,
    /// While it runs: its process, and what that says about itself.
    child: Option<(Child, UnboundedReceiver<String>)>,
    mode: Mode,
}

impl Fleet {
    /// Starts all endpoints, which are well.
    pub(crate) async fn start() -> Self {
        let endpoint = |_| Endpoint {
            port: ClosedPort::new(),
            child: None,
            mode: Mode::Well,
        };
        let mut fleet = Self {
            endpoints: (0..SIZE).map(endpoint).collect(),
            book: Rc::default(),
        };
        for number in 0..SIZE {
            fleet.launch(number).await;
        }
        fleet
    }

    pub(crate) fn addrs(&self) -> Vec<SocketAddr> {
        let endpoints = self.endpoints.iter();
        endpoints.map(|endpoint| endpoint.port.addr()).collect()
    }

    pub(crate) fn book(&self) -> Ref<'_, Book> {
        self.book.borrow()
    }

    /// Has an endpoint behave so from now on. A slow one serves every request: that is no fault.
    pub(crate) async fn set(&mut self, number: usize, mode: Mode) {
        let faulty = !matches!(mode, Mode::Well | Mode::Slow);
        if faulty {
            self.begin(number);
        }
        let endpoint = &mut self.endpoints[number];
        let was_closing = std::mem::replace(&mut endpoint.mode, mode) == Mode::Closing;
        let (child, said) = endpoint.child.as_mut().expect("an endpoint that runs");
        child.tell(&mode.to_string()).await;
        hear(said, &format!("now {mode}")).await;
        if was_closing {
            self.swallowed(number);
        }
        if !faulty {
            self.end(number);
        }
    }

    /// Kills an endpoint as `kill -9` does: it refuses from now on, and what was open is gone.
    pub(crate) async fn kill(&mut self, number: usize) {
        self.begin(number);
        let child = self.endpoints[number].child.take();
        let (child, _) = child.expect("an endpoint that runs");
        child.kill().await;
        self.swallowed(number);
    }

    /// Starts an endpoint that was killed.
    pub(crate) async fn restart(&mut self, number: usize) {
        self.launch(number).await;
        self.end(number);
    }

    async fn launch(&mut self, number: usize) {
        let endpoint = &mut self.endpoints[number];
        let addr = endpoint.port.addr().to_string();
        let (child, output) = Child::start(&["endpoint".to_owned(), addr], None);
        let (say, mut said) = mpsc::unbounded_channel();
        spawn_local(listen(number, output, say, Rc::clone(&self.book)));
        hear(&mut said, "ready").await;
        (endpoint.child, endpoint.mode) = (Some((child, said)), Mode::Well);
    }

    fn begin(&self, endpoint: usize) {
        self.book.borrow_mut().faults.push(Fault {
            endpoint,
            from: Instant::now(),
            to: None,
            swallowed: None,
        });
    }

    fn swallowed(&self, endpoint: usize) {
        if let Some(fault) = self.book.borrow_mut().open(endpoint) {
            fault.swallowed = Some(Instant::now());
        }
    }

    fn end(&self, endpoint: usize) {
        if let Some(fault) = self.book.borrow_mut().open(endpoint) {
            fault.to = Some(Instant::now());
        }
    }
}

impl Book {
    /// The fault that an endpoint has now.
    fn open(&mut self, endpoint: usize) -> Option<&mut Fault> {
        let mut faults = self.faults.iter_mut();
        faults.find(|fault| fault.endpoint == endpoint && fault.to.is_none())
    }
}

/// Writes down what an endpoint has received, and hands on what else it says, until it ends.
async fn listen(
    endpoint: usize,
    mut output: Output,
    say: UnboundedSender<String>,
    book: Rc<RefCell<Book>>,
) {
    while let Ok(Some(line)) = output.next_line().await {
        let at = Instant::now();
        let (word, id) = line.split_once(' ').unwrap_or((&line, ""));
        let mut book = book.borrow_mut();
        match (word, id.parse()) {
            ("GET" | "POST", Ok(id)) => book.receipts.push(Receipt {
                endpoint,
                at,
                is_post: word == "POST",
                id,
            }),
            ("garbled", _) => book.garbled += 1,
            ("probe", _) => {}
            _ => drop(say.send(line)),
        }
    }
}

async fn hear(said: &mut UnboundedReceiver<String>, expected: &str) {
    let line = timeout(PATIENCE, said.recv()).await;
    let line = line.ok().flatten();
    assert_eq!(line.as_deref(), Some(expected), "what an endpoint says");
}
