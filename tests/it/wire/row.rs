//! A row of a table: what each side sends, what the other must get, and what becomes of the connection.

mod table;
mod talk;

use dial::{Router, ServerBuilder};
use dial_tests::{Gate, Script};

use super::message::find;
pub(super) use table::check;

/// What an origin answers unless a row says otherwise, and what the client gets of it.
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
pub(super) const GOT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// Proves that a connection is still good, and that nothing lies on it that belongs to somebody else.
const AGAIN: &str = "GET /again HTTP/1.1\r\nHost: a\r\n\r\n";
const AGAIN_LINE: &str = "GET /again HTTP/1.1";
const AGAIN_OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain";

/// One case. It runs against an origin and a dial of its own.
#[derive(Clone)]
pub(super) struct Row {
    section: &'static str,
    name: String,
    steps: Vec<Step>,
    origin: Behind,
    receives: Receives,
    tunnelled: Vec<u8>,
    version: Option<&'static str>,
    gets: Vec<Gets>,
    stays: bool,
    router: fn(Router) -> Router,
    server: fn(ServerBuilder) -> ServerBuilder,
}

/// What the client does before it reads its responses.
#[derive(Clone)]
enum Step {
    Send(Vec<u8>),
    /// Reads one head, such as that of an interim response.
    Head(Vec<u8>),
    /// Reads these very bytes.
    Exact(Vec<u8>),
    /// Reads up to and including this.
    Until(Vec<u8>),
    HalfClose,
    Open(Gate),
}

#[derive(Clone)]
enum Behind {
    /// Answers every whole request with this.
    Answers(Vec<u8>),
    /// And closes the connection behind it.
    AnswersAndCloses(Vec<u8>),
    /// Follows this on its first connection, and answers properly on all others.
    Follows(Script),
    Refuses,
}

#[derive(Clone)]
enum Receives {
    /// Nobody even connects.
    Nothing,
    /// Not one whole request.
    Part,
    /// These, in this order.
    Messages(Vec<Vec<u8>>),
}

#[derive(Clone)]
enum Gets {
    /// An endpoint's response.
    Forwarded(Vec<u8>),
    /// One of dial's own.
    Own(u16),
    /// A response that is not whole and does not look so.
    Cut(Vec<u8>),
}

/// A case named after its section and what is special about it. The client sends `bytes`.
pub(super) fn row(section: &'static str, name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Row {
    Row {
        section,
        name: name.into(),
        steps: vec![Step::Send(bytes.as_ref().to_vec())],
        origin: Behind::Answers(OK.into()),
        receives: Receives::Nothing,
        tunnelled: Vec::new(),
        version: None,
        gets: Vec::new(),
        stays: true,
        router: |router| router,
        server: |server| server,
    }
}

impl Row {
    /// The client sends more.
    pub(super) fn sends(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Send(bytes.as_ref().to_vec()));
        self
    }

    /// The client waits for a head that is no final response's, and goes on.
    pub(super) fn head(mut self, head: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Head(head.as_ref().to_vec()));
        self
    }

    /// The client waits for these bytes, and goes on.
    pub(super) fn exact(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Exact(bytes.as_ref().to_vec()));
        self
    }

    /// The client reads up to this, and goes on.
    pub(super) fn until(mut self, end: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Until(end.as_ref().to_vec()));
        self
    }

    /// The client sends no more, but reads on.
    pub(super) fn half_closes(mut self) -> Self {
        self.steps.push(Step::HalfClose);
        self
    }

    /// The client lets the origin go on.
    pub(super) fn opens(mut self, gate: &Gate) -> Self {
        self.steps.push(Step::Open(gate.clone()));
        self
    }

    /// The origin must receive this, and nothing behind it. Called again: and then this.
    pub(super) fn forwards(mut self, message: impl AsRef<[u8]>) -> Self {
        let message = message.as_ref().to_vec();
        match &mut self.receives {
            Receives::Messages(messages) => messages.push(message),
            nothing => *nothing = Receives::Messages(vec![message]),
        }
        self
    }

    /// The origin must not receive a whole request.
    pub(super) fn forwards_a_part(mut self) -> Self {
        self.receives = Receives::Part;
        self
    }

    /// Behind the last request the origin must receive this, which is none.
    pub(super) fn tunnels(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.tunnelled = bytes.as_ref().to_vec();
        self
    }

    pub(super) fn answered(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.origin = Behind::Answers(bytes.as_ref().to_vec());
        self
    }

    pub(super) fn answered_and_closed(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.origin = Behind::AnswersAndCloses(bytes.as_ref().to_vec());
        self
    }

    pub(super) fn script(mut self, script: Script) -> Self {
        self.origin = Behind::Follows(script);
        self
    }

    /// The version of a script's answer; 1.1 unless it is said.
    pub(super) fn in_version(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }

    /// Nobody listens where the origin should be.
    pub(super) fn nobody(mut self) -> Self {
        self.origin = Behind::Refuses;
        self
    }

    /// The client must get this response of the origin's. Called again: and then this.
    pub(super) fn gets(mut self, message: impl AsRef<[u8]>) -> Self {
        self.gets.push(Gets::Forwarded(message.as_ref().to_vec()));
        self
    }

    /// The client must get dial's own response with `status`, and can go on.
    pub(super) fn fails(mut self, status: u16) -> Self {
        self.gets.push(Gets::Own(status));
        self
    }

    /// The client must get dial's own response with `status`, and then the end of the connection.
    pub(super) fn refused(self, status: u16) -> Self {
        self.fails(status).closes()
    }

    /// The client must see that its response broke off. `message` has the head it may have had.
    pub(super) fn cut(mut self, message: impl AsRef<[u8]>) -> Self {
        self.gets.push(Gets::Cut(message.as_ref().to_vec()));
        self.closes()
    }

    /// The connection must end behind the last response.
    pub(super) fn closes(mut self) -> Self {
        self.stays = false;
        self
    }

    pub(super) fn router(mut self, options: fn(Router) -> Router) -> Self {
        self.router = options;
        self
    }

    pub(super) fn server(mut self, options: fn(ServerBuilder) -> ServerBuilder) -> Self {
        self.server = options;
        self
    }

    /// Whether it says nothing of a response yet.
    pub(super) fn is_silent(&self) -> bool {
        self.gets.is_empty()
    }

    fn sent(&self) -> Vec<u8> {
        let sent = self.steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(&bytes[..]),
            _ => None,
        });
        sent.collect::<Vec<_>>().concat()
    }

    /// `1.0` or `1.1`: what a request says it is, for Via.
    fn sent_version(&self) -> &'static str {
        let sent = self.sent();
        let line = sent.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match find(line, b"HTTP/1.0") {
            Some(_) => "1.0",
            None => "1.1",
        }
    }

    /// What its answer says it is, for Via.
    fn answer_version(&self) -> &'static str {
        let old = match &self.origin {
            Behind::Answers(bytes) | Behind::AnswersAndCloses(bytes) => {
                bytes.starts_with(b"HTTP/1.0")
            }
            _ => false,
        };
        self.version.unwrap_or(if old { "1.0" } else { "1.1" })
    }
}

/// A script that goes on with a proper answer to the second request, for connections that are used again.
pub(super) fn going_on(script: Script) -> Script {
    script.read_request().write(AGAIN_OK).hang()
}
