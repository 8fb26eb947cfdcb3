//! The client's part of a row.

use dial_tests::{Ending, RawClient};

use super::{AGAIN, Behind, GOT, Gets, Receives, Row, Step};
use crate::wire::message::{Message, find};
use crate::wire::tap::Tap;

impl Row {
    /// The client's part, from the first byte to the last.
    pub(super) async fn converse(self, mut client: RawClient<Tap>) {
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

pub(super) fn same(got: &Message, expected: &Message) {
    assert!(got == expected, "got\n{got}  instead of\n{expected}");
}
