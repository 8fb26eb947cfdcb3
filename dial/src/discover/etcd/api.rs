//! The calls of etcd's HTTP interface that are needed: JSON, with keys and values in Base64, and 64-bit numbers as text.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::BytesMut;
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::timeout;

use super::announced::MAX_VALUE;
use crate::body::Body;
use crate::client::{Client, Connector, Way};
use crate::config::{PoolConfig, Timeouts};
use crate::error::{Error, ErrorKind};
use crate::handler::{Answer, Hop, ModifiableRequest};
use crate::upstream::Endpoint;

/// How long a member may take to be connected to, and to answer.
const CONNECT: Duration = Duration::from_secs(2);
const ANSWER: Duration = Duration::from_secs(5);
/// How long nothing may have changed before the keys are read anew: a member that vanished does not say so.
const QUIET: Duration = Duration::from_mins(1);
/// The largest answer, and the largest line of changes.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

pub(super) type Keys = BTreeMap<Vec<u8>, Vec<u8>>;

/// One member, for as long as the keys are followed there.
pub(super) struct Gateway<'a> {
    client: Client,
    member: &'a Arc<Endpoint>,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

#[derive(Deserialize)]
struct Range {
    header: Header,
    #[serde(default)]
    kvs: Vec<KeyValue>,
    #[serde(default)]
    more: bool,
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    revision: String,
}

#[derive(Deserialize)]
struct KeyValue {
    key: String,
    #[serde(default)]
    value: String,
}

/// A line of a watch.
#[derive(Deserialize)]
struct Line {
    result: Option<Changes>,
    error: Option<Refusal>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Changes {
    canceled: bool,
    cancel_reason: String,
    compact_revision: String,
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    /// Absent when it is a put.
    #[serde(default)]
    r#type: String,
    kv: KeyValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    message: String,
    error: String,
}

impl<'a> Gateway<'a> {
    pub(super) fn new(member: &'a Arc<Endpoint>, connector: &Connector) -> Self {
        // Nothing is asked often enough for a connection to be kept.
        let pool = PoolConfig::default().max_idle(0);
        Self {
            client: Client::new(connector.clone(), pool, 1),
            member,
            token: None,
        }
    }

    pub(super) async fn authenticate(&mut self, name: &str, password: &str) -> Result<(), Error> {
        let ask = json!({ "name": name, "password": password });
        let Token { token } = self.call("/v3/auth/authenticate", &ask).await?;
        self.token = Some(token);
        Ok(())
    }

    /// All keys that begin with the prefix, and the revision of etcd's whole store that they are of.
    pub(super) async fn range(&self, prefix: &str, max: usize) -> Result<(Keys, i64), Error> {
        let mut ask = range_of(prefix);
        ask["limit"] = (max + 1).into();
        let range: Range = self.call("/v3/kv/range", &ask).await?;
        if range.more || range.kvs.len() > max {
            let what = format!(
                "{}: more than {max} keys begin with {prefix:?}",
                self.member
            );
            return Err(Error::new(ErrorKind::BadResponse, what));
        }
        let revision = range.header.revision.parse();
        let revision = revision.map_err(|_| self.bad("an answer without a revision"))?;
        let keys = range.kvs.iter().map(KeyValue::decode);
        Ok((keys.collect::<Result<_, _>>()?, revision))
    }

    /// The changes from a revision on.
    pub(super) async fn watch(&self, prefix: &str, revision: i64) -> Result<Lines, Error> {
        let mut create = range_of(prefix);
        create["start_revision"] = revision.to_string().into();
        let ask = json!({ "create_request": create });
        let answer = self.send("/v3/watch", &ask, QUIET * 2).await?;
        Ok(Lines {
            member: self.member.to_string(),
            body: answer.body,
            buffer: BytesMut::new(),
        })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        path: &str,
        ask: &serde_json::Value,
    ) -> Result<T, Error> {
        let answer = self.send(path, ask, ANSWER).await?;
        let bytes = answer.body.bytes(MAX_ANSWER).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            self.bad("an answer that is not understood")
                .with_source(error)
        })
    }

    async fn send(
        &self,
        path: &str,
        ask: &serde_json::Value,
        silence: Duration,
    ) -> Result<Answer, Error> {
        let mut request = ModifiableRequest::builder()
            .method("POST")
            .uri(path)
            .header("content-type", "application/json")
            .body(ask.to_string())
            .build();
        if let Some(token) = &self.token {
            request.set_header("authorization", token);
        }
        let timeouts = Timeouts::default().connect(CONNECT).response(ANSWER);
        let way = Way {
            timeouts: &timeouts.body(silence),
            hop: &Hop::default(),
            host: None,
            proxy_protocol: None,
            max_connections: None,
            retried: None,
        };
        let mut request = request.build()?;
        let sent = self.client.send(self.member, &mut request, &way).await;
        let answer = sent.map_err(|failed| failed.error)?;
        if answer.status == StatusCode::OK {
            return Ok(answer);
        }
        let status = answer.status;
        let bytes = answer.body.bytes(MAX_ANSWER).await?;
        let refusal: Refusal = serde_json::from_slice(&bytes).unwrap_or_default();
        Err(self.bad(&format!("{status} to {path}: {}", refusal.text())))
    }

    fn bad(&self, what: &str) -> Error {
        Error::new(ErrorKind::BadResponse, format!("{}: {what}", self.member))
    }
}

fn range_of(prefix: &str) -> serde_json::Value {
    let end = range_end(prefix.as_bytes());
    json!({ "key": BASE64.encode(prefix), "range_end": BASE64.encode(end) })
}

/// The first key behind all those that begin with the prefix. In etcd a single zero is the end of all keys.
fn range_end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    vec![0]
}

impl KeyValue {
    fn decode(&self) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let decode = |text: &str| {
            BASE64.decode(text).map_err(|error| {
                Error::new(ErrorKind::BadResponse, "bad Base64").with_source(error)
            })
        };
        let (key, mut value) = (decode(&self.key)?, decode(&self.value)?);
        // Of what is too long to be a host no more is kept than shows it.
        value.truncate(MAX_VALUE + 1);
        Ok((key, value))
    }
}

impl Refusal {
    fn text(&self) -> &str {
        match self.message.as_str() {
            "" => &self.error,
            message => message,
        }
    }
}

/// A watch, as lines of JSON.
pub(super) struct Lines {
    member: String,
    body: Body,
    /// What has come of the next line.
    buffer: BytesMut,
}

impl Lines {
    #[cfg(test)]
    fn of(body: Body) -> Self {
        Self {
            member: "etcd".to_owned(),
            body,
            buffer: BytesMut::new(),
        }
    }

    /// Waits until some of the keys have changed, and changes them. `false` when nothing has for long.
    pub(super) async fn change(&mut self, keys: &mut Keys) -> Result<bool, Error> {
        loop {
            let Ok(line) = timeout(QUIET, self.line()).await else {
                return Ok(false);
            };
            let Line { result, error } = serde_json::from_slice(&line?).map_err(|error| {
                self.bad("a change that is not understood")
                    .with_source(error)
            })?;
            if let Some(refusal) = error {
                return Err(self.bad(&format!("it ended the watch: {}", refusal.text())));
            }
            let changes = result.unwrap_or_default();
            if changes.canceled {
                let Changes {
                    cancel_reason,
                    compact_revision,
                    ..
                } = changes;
                return Err(self.bad(&format!(
                    "it ended the watch: {cancel_reason} (compacted: {compact_revision:?})"
                )));
            }
            for event in &changes.events {
                let (key, value) = event.kv.decode()?;
                match event.r#type.as_str() {
                    "DELETE" => keys.remove(&key),
                    _ => keys.insert(key, value),
                };
            }
            if !changes.events.is_empty() {
                return Ok(true);
            }
        }
    }

    /// The next line. What has come of it is kept when this is dropped.
    async fn line(&mut self) -> Result<BytesMut, Error> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.buffer[searched..]
                .iter()
                .position(|byte| *byte == b'\n')
            {
                return Ok(self.buffer.split_to(searched + at + 1));
            }
            searched = self.buffer.len();
            if searched > MAX_ANSWER {
                return Err(self.bad("a change that is too large"));
            }
            let frame = self.body.frame().await;
            let frame = frame.unwrap_or_else(|| Err(self.bad("it ended the watch")))?;
            if let Some(data) = frame.data_ref() {
                self.buffer.extend_from_slice(data);
            }
        }
    }

    fn bad(&self, what: &str) -> Error {
        Error::new(ErrorKind::BadResponse, format!("{}: {what}", self.member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::etcd::announced::Announced;

    #[test]
    fn a_range_ends_behind_its_prefix() {
        for (prefix, end) in [
            (&b"/a/"[..], &b"/a0"[..]),
            (b"a\xff\xff", b"b"),
            (b"\xff", b"\0"),
        ] {
            assert_eq!(range_end(prefix), end);
        }
    }

    #[tokio::test]
    async fn a_value_that_is_too_long_is_not_kept() {
        let (key, value) = (BASE64.encode("a"), BASE64.encode("x".repeat(100_000)));
        let put =
            format!(r#"{{"result":{{"events":[{{"kv":{{"key":"{key}","value":"{value}"}}}}]}}}}"#);
        let mut lines = Lines::of(Body::from(put + "\n"));
        let mut keys = Keys::new();
        assert!(lines.change(&mut keys).await.unwrap());
        assert_eq!(keys[&b"a"[..]].len(), 1025);
        let error = Announced::default().hosts(&keys).unwrap_err();
        assert!(
            error.to_string().ends_with("more than 1024 bytes"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn lines_are_changes() {
        let (a, b, x) = (BASE64.encode("a"), BASE64.encode("b"), BASE64.encode("x"));
        let created = r#"{"result":{"header":{"revision":"7"},"created":true}}"#;
        let put = format!(
            r#"{{"result":{{"events":[{{"kv":{{"key":"{a}","value":"{x}"}}}}, {{"kv":{{"key":"{b}"}}}}]}}}}"#
        );
        let delete =
            format!(r#"{{"result":{{"events":[{{"type":"DELETE","kv":{{"key":"{a}"}}}}]}}}}"#);
        let compacted = r#"{"result":{"canceled":true,"compact_revision":"9"}}"#;
        let text = format!(
            "{created}\n{put}\n{delete}\n{compacted}\nnonsense\n{{\"error\":{{\"message\":\"no\"}}}}\nhalf"
        );
        let mut lines = Lines::of(Body::from(text));
        let mut keys = Keys::new();
        assert!(lines.change(&mut keys).await.unwrap());
        let two = [(b"a".to_vec(), b"x".to_vec()), (b"b".to_vec(), Vec::new())];
        assert_eq!(keys, Keys::from(two.clone()));
        assert!(lines.change(&mut keys).await.unwrap());
        assert_eq!(keys, Keys::from([two[1].clone()]));
        for message in [
            "etcd: it ended the watch:  (compacted: \"9\")",
            "etcd: a change that is not understood",
            "etcd: it ended the watch: no",
            "etcd: it ended the watch",
        ] {
            let error = lines.change(&mut keys).await.unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
