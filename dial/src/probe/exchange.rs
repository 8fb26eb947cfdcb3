//! One probe of one endpoint, over a connection of its own.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use http::HeaderValue;
use http_body::Body as _;
use tokio::time::timeout;

use crate::body::Body;
use crate::client::{Client, Connector, Way};
use crate::config::{Check, HttpCheck, MAX_BODY, PoolConfig, Timeouts};
use crate::error::{Chain, Error};
use crate::handler::context::Peer;
use crate::handler::{Hop, ModifiableRequest};
use crate::upstream::Endpoint;

/// What endpoints see that log who asks them.
const USER_AGENT: &str = "dial-health-check";

/// Makes probes.
pub(super) struct Prober {
    /// Keeps no connections.
    client: Client,
    check: Arc<Check>,
}

impl Prober {
    pub(super) fn new(connector: Connector, check: Arc<Check>) -> Self {
        let none = PoolConfig::default().max_idle(0);
        Self {
            client: Client::new(connector, none, 1),
            check,
        }
    }

    /// Says what is wrong, if anything is.
    pub(super) async fn probe(&self, endpoint: &Arc<Endpoint>) -> Result<(), String> {
        let limit = self.check.timeout;
        timeout(limit, self.ask(endpoint))
            .await
            .unwrap_or_else(|_| Err(format!("not done within {limit:?}")))
    }

    async fn ask(&self, endpoint: &Arc<Endpoint>) -> Result<(), String> {
        let check = &*self.check;
        let target = match check.port {
            None => Arc::clone(endpoint),
            Some(port) => Arc::new(endpoint.at_port(port).map_err(told)?),
        };
        let http = check.http.as_ref();
        let host = http.and_then(|http| http.host.as_ref());
        let limit = check.timeout;
        let way = Way {
            timeouts: &Timeouts::default()
                .connect(limit)
                .response(limit)
                .body(limit),
            hop: &Hop::default(),
            host: host.map(HeaderValue::as_bytes),
            // It asks for nobody.
            proxy_protocol: check
                .proxy_protocol
                .map(|version| (version, Arc::new(Peer::default()))),
            max_connections: None,
            retried: None,
        };
        match http {
            None => match self.client.connect(&target, &way, limit).await {
                Ok(_) => Ok(()),
                Err(error) => Err(told(error)),
            },
            Some(http) => self.exchange(http, &target, &way).await,
        }
    }

    async fn exchange(
        &self,
        http: &HttpCheck,
        target: &Arc<Endpoint>,
        way: &Way<'_>,
    ) -> Result<(), String> {
        let mut request = ModifiableRequest::builder()
            .method(http.method.clone())
            .uri(&http.path)
            .header("user-agent", USER_AGENT)
            .build()
            .build()
            .map_err(told)?;
        let sent = self.client.send(target, &mut request, way).await;
        let answer = sent.map_err(|failed| told(failed.error))?;
        let status = answer.status.as_u16();
        match &http.contains {
            _ if !http.expects(status) => Err(format!("the status is {status}")),
            None => Ok(()),
            Some(text) => look_for(text, answer.body).await,
        }
    }
}

/// Looks for `text` in the first [`MAX_BODY`] bytes, as they come.
async fn look_for(text: &[u8], body: Body) -> Result<(), String> {
    let mut body = pin!(body);
    let mut read = Vec::new();
    while read.len() < MAX_BODY {
        let frame = match poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            None => break,
            Some(frame) => frame.map_err(told)?,
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        // It may have begun in what was there before.
        let from = read.len().saturating_sub(text.len() - 1);
        let room = MAX_BODY - read.len();
        read.extend_from_slice(&data[..data.len().min(room)]);
        if read[from..].windows(text.len()).any(|part| part == text) {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(text);
    Err(format!("the body does not contain {text:?}"))
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of `map_err`")]
fn told(error: Error) -> String {
    Chain(&error).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use http_body::Frame;

    use super::*;

    struct Pieces(VecDeque<Bytes>);

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    async fn finds(text: &str, pieces: &[&str]) -> bool {
        let pieces = pieces.iter().map(|piece| Bytes::from((*piece).to_owned()));
        let body = Body::new(Pieces(pieces.collect()));
        look_for(text.as_bytes(), body).await.is_ok()
    }

    #[tokio::test]
    async fn a_text_is_found_wherever_it_is_within_the_bound() {
        assert!(finds("ready", &["ready"]).await);
        assert!(finds("ready", &["not yet", ", now rea", "d", "y."]).await);
        assert!(finds("r", &["", "r"]).await);
        assert!(!finds("ready", &[]).await);
        assert!(!finds("ready", &["rea", "dzy", "ead", "y"]).await);
        let filler = "-".repeat(MAX_BODY - 5);
        assert!(finds("ready", &[&filler, "ready"]).await);
        assert!(!finds("ready", &[&filler, "-ready"]).await);
        assert!(!finds("ready", &[&filler, "-", "ready", "ready"]).await);
    }
}
