//! Origins that read each request strictly, record it, and answer it with a closure.

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::host::Host;
use super::ledger::Connection;
use super::{Answer, Origin, Recorded};
use crate::wire::{Fault, Fields, Framing, Pieces, Wire};

impl Origin {
    /// An origin that answers 200 with its name and, from the second line on, the request it
    /// received.
    ///
    /// The body of the answer is the name, the request line, the fields, an empty line and the
    /// body, in lines ended by LF:
    /// ```text
    /// 1
    /// POST /x?y HTTP/1.1
    /// Host: a
    /// Content-Length: 5
    ///
    /// hello
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self::answering(echo(name))
    }

    /// An origin that answers each request, once all of it has arrived, with what `answer` returns.
    ///
    /// A malformed request panics, so that it fails the test; 100 Continue is sent to whoever
    /// expects it. Connections stay open until the client, its request or the [`Answer`] closes
    /// them.
    pub fn answering<F>(answer: F) -> Self
    where
        F: Fn(&Recorded) -> Answer + Clone + Send + Sync + 'static,
    {
        let serve = move |stream, connection| {
            let answer = answer.clone();
            async move { exchange(stream, connection, None, answer).await }
        };
        Self::new(Host::start(serve))
    }
}

/// Answers with `name` and the request.
pub(super) fn echo(name: &str) -> impl Fn(&Recorded) -> Answer + Clone + use<> {
    let name = name.to_owned();
    move |request| {
        let (method, target, version) = (&request.method, &request.target, &request.version);
        let mut body = format!("{name}\n{method} {target} {version}\n").into_bytes();
        for (field, value) in request.headers.as_slice() {
            body.extend([field.as_bytes(), b": ", value, b"\n"].concat());
        }
        body.push(b'\n');
        body.extend(&request.body);
        Answer::ok(body).header("Content-Type", "text/plain")
    }
}

/// Answers the requests on one connection until it ends.
pub(super) async fn exchange<S, F>(io: S, connection: Connection, sni: Option<String>, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(&Recorded) -> Answer,
{
    let mut wire = Wire::new(connection.record(io));
    loop {
        let read = read_request(&mut wire).await;
        let Some(mut request) = arrived(read, &wire) else {
            return;
        };
        request.connection = connection.number;
        request.sni.clone_from(&sni);
        connection.request(request.clone());
        let answer = answer(&request);
        let sent = send(&mut wire, &answer.to_bytes(&request.method)).await;
        connection.answered();
        if sent.is_none() || answer.closes() || is_last(&request) {
            // The peer may have left already, which ends the connection as well.
            let _ = wire.io.shutdown().await;
            return;
        }
    }
}

async fn read_request<S>(wire: &mut Wire<S>) -> Result<Recorded, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut request, mut pieces) = read_request_head(wire).await?;
    pieces.rest(wire, &mut request.body).await?;
    request.trailers = pieces.trailers;
    Ok(request)
}

/// Reads a head, asks for the body when its sender waits for that, and returns the body to be read.
pub(super) async fn read_request_head<S>(wire: &mut Wire<S>) -> Result<(Recorded, Pieces), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (line, headers) = wire.head().await?;
    let request = parse_request(&line, headers)?;
    let framing = Framing::of_request(&request.headers)?;
    if request.headers.lists("expect", "100-continue") {
        // A peer that has left is noticed by the read that follows.
        let _ = send(wire, b"HTTP/1.1 100 Continue\r\n\r\n").await;
    }
    Ok((request, Pieces::new(framing)))
}

/// Reads a request line, RFC 9112 §3.
fn parse_request(line: &str, headers: Fields) -> Result<Recorded, Fault> {
    let parts: Vec<_> = line.split(' ').collect();
    match parts[..] {
        [method, target, version @ ("HTTP/1.1" | "HTTP/1.0")]
            if !method.is_empty() && !target.is_empty() =>
        {
            Ok(Recorded {
                method: method.to_owned(),
                target: target.to_owned(),
                version: version.to_owned(),
                headers,
                ..Recorded::default()
            })
        }
        _ => Err(Fault::Malformed(format!("request line \"{line}\""))),
    }
}

/// What has been read, or `None` when the peer has ended the connection; panics when it was
/// malformed.
pub(super) fn arrived<T, S>(read: Result<T, Fault>, wire: &Wire<S>) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(Fault::Ended(_)) => None,
        Err(Fault::Malformed(why)) => panic!("malformed: {why}; arrived: {}", wire.arrived()),
    }
}

/// Writes `bytes`, or says with `None` that the peer has left.
pub(super) async fn send<S>(wire: &mut Wire<S>, bytes: &[u8]) -> Option<()>
where
    S: AsyncWrite + Unpin,
{
    wire.io.write_all(bytes).await.ok()?;
    wire.io.flush().await.ok()
}

/// Whether the client means to send no other request on this connection, RFC 9112 §9.3.
fn is_last(request: &Recorded) -> bool {
    let lists = |option| request.headers.lists("connection", option);
    lists("close") || (request.version == "HTTP/1.0" && !lists("keep-alive"))
}
