//! A row of a table: what each side sends, what the other must get, and what becomes of the connection.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dial::{ModifiableRequest, Router, Server, ServerBuilder, Via};
use dial_tests::{Answer, ClosedPort, Ending, Gate, Origin, RawClient, Script};

use super::NAME;
use super::message::{Message, find};
use super::tap::{Received, Tap};
use crate::harness::Served;

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

    /// Who answers what is forwarded; without a listener, also what keeps its port.
    fn start(&self) -> (Option<Origin>, Option<ClosedPort>) {
        let answer_with = |bytes: &Vec<u8>, close: bool| {
            let bytes = bytes.clone();
            Origin::answering(move |request| {
                let answer = match request.target.as_str() {
                    "/again" => return Answer::raw(AGAIN_OK),
                    _ => Answer::raw(bytes.clone()),
                };
                if close { answer.close() } else { answer }
            })
        };
        let origin = match &self.origin {
            Behind::Answers(bytes) => answer_with(bytes, false),
            Behind::AnswersAndCloses(bytes) => answer_with(bytes, true),
            Behind::Follows(script) => {
                let again = Script::new().read_request().write(AGAIN_OK).repeat();
                Origin::raw_each([script.clone(), again])
            }
            Behind::Refuses => return (None, Some(ClosedPort::new())),
        };
        (Some(origin), None)
    }

    /// The client's part, from the first byte to the last.
    async fn converse(self, mut client: RawClient<Tap>) {
        for step in &self.steps {
            match step {
                // Who is refused early may not be able to send everything.
                Step::Send(bytes) => drop(client.try_send(bytes).await),
                Step::Head(expected) => {
                    let head = client.read_head().await;
                    compare(&head.raw, expected, Message::expected_interim);
                }
                Step::Exact(expected) => {
                    let bytes = client.read_exact(expected.len()).await;
                    let (got, expected) = (bytes.escape_ascii(), expected.escape_ascii());
                    assert_eq!(got.to_string(), expected.to_string());
                }
                Step::Until(end) => drop(client.read_until(end).await),
                Step::HalfClose => client.shutdown_write().await,
                Step::Open(gate) => gate.open(),
            }
        }
        let expected = self.expected();
        for (number, gets) in expected.iter().enumerate() {
            let last = number + 1 == expected.len();
            gets.check(&mut client, &self, number, last && !self.stays)
                .await;
        }
        if self.stays {
            client.send(AGAIN).await;
            let again = client.read_response().await;
            let expected = match self.origin {
                Behind::Refuses => (502, "Bad Gateway"),
                _ => (200, "again"),
            };
            assert_eq!((again.status, again.text()), expected, "the second request");
        } else if !matches!(self.gets.last(), Some(Gets::Cut(_))) {
            client.closed().await;
        }
    }

    /// What the client must get; of an origin that answers as always, just that.
    fn expected(&self) -> Vec<Gets> {
        match (&self.receives, &self.origin) {
            (Receives::Messages(messages), Behind::Answers(_)) if self.gets.is_empty() => {
                vec![Gets::Forwarded(GOT.into()); messages.len()]
            }
            _ => self.gets.clone(),
        }
    }

    /// The method that response `number` is to.
    fn method(&self, number: usize) -> String {
        let forwarded = match &self.receives {
            Receives::Messages(messages) => messages.get(number),
            _ => None,
        };
        let sent = self.sent();
        let bytes = forwarded.unwrap_or(&sent);
        let word = bytes.split(|byte| *byte == b' ').next().unwrap_or_default();
        String::from_utf8_lossy(word).into_owned()
    }

    /// What the origin has received, on all its connections, against what it should have.
    fn check_received(&self, origin: &str, streams: &[Vec<u8>]) {
        let mut messages = Vec::new();
        let mut rest: Vec<u8> = Vec::new();
        for stream in streams {
            let mut bytes = &stream[..];
            while let Some((message, behind)) = Message::request(bytes) {
                messages.push(message);
                bytes = behind;
            }
            rest.extend_from_slice(bytes);
        }
        if self.stays && !matches!(self.origin, Behind::Refuses) {
            let again = messages.pop();
            let line = again.as_ref().map(Message::line);
            assert_eq!(
                line.as_deref(),
                Some(AGAIN_LINE),
                "the second request at the origin"
            );
            assert!(again.is_some_and(|again| again.body().is_empty()));
        }
        match &self.receives {
            Receives::Nothing if self.stays => assert!(messages.is_empty() && rest.is_empty()),
            Receives::Nothing => assert_eq!(streams.len(), 0, "connections to the origin"),
            Receives::Part => assert!(messages.is_empty(), "a whole request was forwarded"),
            Receives::Messages(expected) => {
                let (behind, tunnelled) = (rest.escape_ascii(), self.tunnelled.escape_ascii());
                assert_eq!(
                    behind.to_string(),
                    tunnelled.to_string(),
                    "behind whole requests"
                );
                assert_eq!(messages.len(), expected.len(), "requests at the origin");
                for (message, expected) in messages.into_iter().zip(expected) {
                    let expected = Message::whole(expected).expect("a whole expectation");
                    let expected = expected.expected_by_origin(origin, self.sent_version());
                    same(&message.normalised(&expected), &expected);
                }
            }
        }
    }
}

impl Gets {
    async fn check(&self, client: &mut RawClient<Tap>, row: &Row, number: usize, ends: bool) {
        match self {
            Self::Forwarded(expected) => {
                let response = client.read_response_to(&row.method(number)).await;
                assert!(
                    response.interim.is_empty(),
                    "interim: {:?}",
                    response.interim
                );
                let version = row.answer_version();
                let add = |message: Message| message.expected_by_client(Some(version));
                compare(&response.raw, expected, add);
            }
            Self::Own(status) => {
                let response = client.read_response_to(&row.method(number)).await;
                assert!(
                    response.interim.is_empty(),
                    "interim: {:?}",
                    response.interim
                );
                let expected = own(*status, &row.method(number), ends);
                compare(&response.raw, expected.as_bytes(), |message| {
                    message.expected_by_client(None)
                });
            }
            Self::Cut(expected) => {
                let (bytes, ending) = client.read_to_ending().await;
                check_cut(&bytes, ending, expected, row.answer_version());
            }
        }
    }
}

/// The whole of a response that dial itself makes.
fn own(status: u16, method: &str, closes: bool) -> String {
    let reason = http::StatusCode::from_u16(status).expect("a status");
    let reason = reason.canonical_reason().expect("a known status");
    let close = if closes { "connection: close\r\n" } else { "" };
    let body = if method == "HEAD" { "" } else { reason };
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: text/plain; charset=utf-8\r\n\
         content-length: {}\r\n{close}\r\n{body}",
        reason.len()
    )
}

/// A response may break off anywhere, but it must show.
fn check_cut(bytes: &[u8], ending: Ending, expected: &[u8], version: &str) {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        return;
    };
    let head = &bytes[..end + 4];
    compare(head, expected, |message| {
        message.with_body(b"").expected_by_client(Some(version))
    });
    let whole = Message::whole(head).expect("a head");
    let body = &bytes[end + 4..];
    if whole.is_chunked() {
        assert!(
            body.is_empty() || Message::whole(bytes).is_none(),
            "a chunked body that ends in order"
        );
    } else if let [length] = whole.values("content-length")[..] {
        let length: usize = String::from_utf8_lossy(length).parse().expect("a length");
        assert!(body.len() < length, "as long as it says");
    } else {
        assert_eq!(
            ending,
            Ending::Reset,
            "the end of the connection ends the body"
        );
    }
}

fn compare(got: &[u8], expected: &[u8], complete: impl FnOnce(Message) -> Message) {
    let expected = complete(Message::whole(expected).expect("a whole expectation"));
    let got = Message::whole(got).expect("a whole message");
    same(&got.normalised(&expected), &expected);
}

fn same(got: &Message, expected: &Message) {
    assert!(got == expected, "got\n{got}  instead of\n{expected}");
}

/// A script that goes on with a proper answer to the second request, for connections that are used again.
pub(super) fn going_on(script: Script) -> Script {
    script.read_request().write(AGAIN_OK).hang()
}

/// Runs every row, and then tells of all that fail.
pub(super) async fn check(rows: Vec<Row>) {
    let count = rows.len();
    let mut faults = Vec::new();
    for row in rows {
        if let Err(fault) = run(&row).await {
            faults.push(fault);
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {count} rows fail\n\n{}",
        faults.len(),
        faults.join("\n")
    );
}

async fn run(row: &Row) -> Result<(), String> {
    let (origin, port) = row.start();
    let closed = port.as_ref().map(ClosedPort::addr);
    let addr = origin
        .as_ref()
        .map(Origin::addr)
        .or(closed)
        .expect("one of them");
    let proxy = dial::proxy([addr.to_string()], |request: ModifiableRequest| request);
    let name = Via::named(NAME).expect("a token");
    let router = (row.router)(Router::new().via(name).at("/{*path}", proxy));
    let served = Served::server((row.server)(Server::builder().workers(1)), router);
    let received = Received::default();
    let client = received.connect(served.addr).await;
    let talked = tokio::spawn(row.clone().converse(client)).await;
    let mut fault = talked.err().map(|error| text(&*error.into_panic()));
    let mut streams = Vec::new();
    if let Some(origin) = origin {
        match catch_unwind(AssertUnwindSafe(|| origin.stop())) {
            Err(panic) => fault = fault.or(Some(text(&*panic))),
            Ok(()) => {
                for number in 0..origin.connections() {
                    streams.push(origin.received(number).await);
                }
            }
        }
        // A failed origin says so once more.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(origin)));
    }
    let check = AssertUnwindSafe(|| row.check_received(&addr.to_string(), &streams));
    let fault = fault.or_else(|| catch_unwind(check).err().map(|panic| text(&*panic)));
    match fault {
        None => Ok(()),
        Some(fault) => Err(report(row, &fault, &received.bytes(), &streams)),
    }
}

fn report(row: &Row, fault: &str, received: &[u8], streams: &[Vec<u8>]) -> String {
    let Row { section, name, .. } = row;
    let mut report = format!("RFC {section}: {name}\n  {fault}\n  the client sent\n");
    report += &shown(&row.sent());
    report += "  and received\n";
    report += &shown(received);
    for (number, stream) in streams.iter().enumerate() {
        report += &format!(
            "  the origin received on connection {number}\n{}",
            shown(stream)
        );
    }
    report
}

fn shown(bytes: &[u8]) -> String {
    let lines = bytes[..bytes.len().min(4096)].split_inclusive(|byte| *byte == b'\n');
    lines
        .map(|line| format!("    \"{}\"\n", line.escape_ascii()))
        .collect()
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}
