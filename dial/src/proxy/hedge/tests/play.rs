//! Attempts that do what a test says, each at its time, and a log of what becomes of them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep};

use super::super::{Race, Role, Sending};
use crate::ModifiableRequest;
use crate::body::Body;
use crate::config::Retry;
use crate::error::{Error, ErrorKind};
use crate::handler::{Answer, Hop, Outbound};
use crate::proxy::attempt::{Answered, Failed, Target};
use crate::proxy::retry::{Course, Retries};
use crate::upstream::{Endpoint, Tried, Turn, Upstream};

/// What becomes of an attempt, so many milliseconds after it has read the body.
#[derive(Clone, Copy)]
pub(super) enum Then {
    Answers(u16),
    Breaks,
    /// Its endpoint cannot be reached.
    Unsent,
}
use Then::{Answers, Breaks, Unsent};

/// For as long as it is let.
pub(super) const FOREVER: u64 = 1_000_000;

/// What the attempts do, each at its time.
struct Play<'a> {
    script: &'a [(u64, Then)],
    began: Instant,
    number: AtomicUsize,
    /// Where they were.
    at: Mutex<Vec<u64>>,
    log: Mutex<Vec<String>>,
}

/// An attempt that says so if it does not come to an end.
struct Part<'a> {
    play: &'a Play<'a>,
    number: usize,
    over: bool,
}

impl<'a> Play<'a> {
    fn new(script: &'a [(u64, Then)]) -> Self {
        Self {
            script,
            began: Instant::now(),
            number: AtomicUsize::new(0),
            at: Mutex::default(),
            log: Mutex::default(),
        }
    }

    fn tell(&self, what: &str) {
        let line = format!("{} {what}", self.began.elapsed().as_millis());
        self.log.lock().unwrap().push(line);
    }

    fn start(&'a self, role: Role, endpoint: &Endpoint, outbound: Outbound) -> Sending<'a> {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        self.at.lock().unwrap().push(endpoint.id());
        assert_eq!(role == Role::Primary, number == 0);
        let (delay, then) = self.script[number];
        Box::pin(async move {
            self.tell(&format!("starts {number}"));
            let mut part = Part {
                play: self,
                number,
                over: false,
            };
            let mut outbound = outbound;
            let body = std::mem::take(&mut outbound.draft.body);
            let bytes = body.bytes(100).await.expect("a body");
            if !bytes.is_empty() {
                self.tell(&format!("reads {}", bytes.escape_ascii()));
            }
            sleep(Duration::from_millis(delay)).await;
            part.over = true;
            let failed = |kind, again| Failed {
                error: Error::new(kind, "it failed"),
                request: outbound.copy(),
                again,
            };
            match then {
                Answers(status) => Ok(Answered {
                    answer: Answer {
                        status: StatusCode::from_u16(status).expect("a status"),
                        ..Answer::default()
                    },
                    request: outbound,
                }),
                Breaks => Err(failed(ErrorKind::Disconnected, false)),
                Unsent => Err(failed(ErrorKind::Connect, true)),
            }
        })
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.play.tell(&format!("drops {}", self.number));
        }
    }
}

/// A body that comes after a while, in two parts.
pub(super) struct Late {
    pub(super) timer: Pin<Box<Sleep>>,
    pub(super) parts: Vec<&'static str>,
}

impl http_body::Body for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.parts.len() == 1 {
            std::task::ready!(self.timer.as_mut().poll(cx));
        }
        let part = self.parts.pop().map(|part| Frame::data(part.into()));
        Poll::Ready(part.map(Ok))
    }
}

pub(super) fn outbound(method: Method, body: Body) -> Outbound {
    let mut request = ModifiableRequest::builder()
        .method(method)
        .header("a", "1")
        .build();
    let mut outbound = request.build().expect("a request");
    outbound.draft.body = body;
    outbound
}

pub(super) fn target(upstream: &Upstream) -> Target<'_> {
    Target::Balanced {
        upstream,
        key: None,
        stuck: None,
    }
}

pub(super) async fn race(
    upstream: &Upstream,
    retry: Retry,
    body: Body,
    script: &[(u64, Then)],
) -> String {
    race_of(&Retries::new(retry), upstream, body, script).await
}

pub(super) async fn race_of(
    retries: &Retries,
    upstream: &Upstream,
    body: Body,
    script: &[(u64, Then)],
) -> String {
    let mut outbound = outbound(Method::GET, body);
    let course = Course::begin(retries, &mut outbound.draft, Instant::now());
    let target = target(upstream);
    let mut tried = Tried::none();
    let first = target.turn_at_once(&tried).expect("an endpoint");
    let after = course.hedge(&Hop::default()).expect("a hedge");
    let play = Play::new(script);
    let race = Race::new(&course, &target, &mut tried, after);
    let start = |role, turn: Turn, outbound| play.start(role, &turn.endpoint, outbound);
    let (endpoint, sent) = race.run(first, outbound, start).await;
    let at = play.at.lock().unwrap();
    assert!(at.contains(&endpoint.id()));
    assert!((1..at.len()).all(|number| !at[..number].contains(&at[number])));
    play.tell(&match sent {
        Ok(Answered { answer, request }) => {
            assert_eq!(request.header("a"), Some("1"));
            answer.status.as_str().to_owned()
        }
        Err(failed) if failed.again => "unsent".to_owned(),
        Err(_) => "broken".to_owned(),
    });
    let log = play.log.lock().unwrap();
    log.join(", ")
}
