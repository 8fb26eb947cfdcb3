//! Runs a table, and tells of each row that fails.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use dial::{ModifiableRequest, Router, Server, Via};
use dial_tests::{Answer, ClosedPort, Origin, Script};

use super::talk::same;
use super::{AGAIN_LINE, AGAIN_OK, Behind, Receives, Row, Step};
use crate::harness::Served;
use crate::wire::NAME;
use crate::wire::message::Message;
use crate::wire::tap::Received;

/// Runs every row, and then tells of all that fail.
pub(in crate::wire) async fn check(rows: Vec<Row>) {
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
    let addr = origin.as_ref().map(Origin::addr).or(closed);
    let addr = addr.expect("one of them");
    let received = Received::default();
    let talked = {
        let served = serve(row, addr);
        let client = received.connect(served.addr).await;
        tokio::spawn(row.clone().converse(client)).await
    };
    let mut fault = talked.err().map(|error| text(&*error.into_panic()));
    let mut streams = Vec::new();
    if let Some(origin) = origin {
        // One that waits for a step the client never took does not see that dial is gone.
        row.open_gates();
        match all_received(origin).await {
            Ok(all) => streams = all,
            Err(failed) => fault = fault.or(Some(failed)),
        }
    }
    let check = AssertUnwindSafe(|| row.check_received(&addr.to_string(), &streams));
    let fault = fault.or_else(|| catch_unwind(check).err().map(|panic| text(&*panic)));
    match fault {
        None => Ok(()),
        Some(fault) => Err(report(row, &fault, &received.bytes(), &streams)),
    }
}

/// dial in front of `origin`, as the row wants it.
fn serve(row: &Row, origin: SocketAddr) -> Served {
    let forward = |request: ModifiableRequest| request;
    let proxy = dial::proxy([origin.to_string()], forward);
    let name = Via::named(NAME).expect("a token");
    let router = Router::new().via(name).at("/{*path}", proxy);
    Served::server(
        (row.server)(Server::builder().workers(1)),
        (row.router)(router),
    )
}

/// Everything that came on each connection, now that nobody is left to send more.
async fn all_received(origin: Origin) -> Result<Vec<Vec<u8>>, String> {
    let origin = Arc::new(origin);
    let shared = Arc::clone(&origin);
    let streams = tokio::spawn(async move {
        let mut streams = Vec::new();
        for number in 0..shared.connections() {
            shared.closed(number).await;
            streams.push(shared.received(number).await);
        }
        streams
    });
    let streams = streams.await;
    // An origin that failed says so once more when it goes.
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(origin)));
    match (streams, dropped) {
        (Ok(streams), Ok(())) => Ok(streams),
        (Err(error), _) => Err(text(&*error.into_panic())),
        (_, Err(panic)) => Err(text(&*panic)),
    }
}

impl Row {
    fn open_gates(&self) {
        for step in &self.steps {
            if let Step::Open(gate) = step {
                gate.open();
            }
        }
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

fn report(row: &Row, fault: &str, received: &[u8], streams: &[Vec<u8>]) -> String {
    let Row { section, name, .. } = row;
    let mut report = format!("RFC {section}: {name}\n  {fault}\n");
    show(&mut report, "the client sent", &row.sent());
    show(&mut report, "and received", received);
    for (number, stream) in streams.iter().enumerate() {
        let title = format!("the origin received on connection {number}");
        show(&mut report, &title, stream);
    }
    report
}

/// Appends bytes, a literal a line; no more than the first few.
fn show(report: &mut String, title: &str, bytes: &[u8]) {
    // Writing to a String cannot fail.
    let _ = writeln!(report, "  {title}");
    for line in bytes[..bytes.len().min(4096)].split_inclusive(|byte| *byte == b'\n') {
        let _ = writeln!(report, "    \"{}\"", line.escape_ascii());
    }
}

fn text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}
