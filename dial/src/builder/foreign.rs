//! What somebody else's server, which is hyper's, leaves to a mounted proxy: requests it should not have let pass, and
//! tunnels, for which it hands its connection over once the 101 is written.

use std::io;

use bytes::BytesMut;
use http::Method;
use http::header::{CONNECTION, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::body::Body;
use crate::config::TUNNEL_TIMEOUT;
use crate::error::{Error, ErrorKind};
use crate::fields::Name;
use crate::h1::check_host;
use crate::handler::{Received, Response};

/// What is wrong with a request that somebody else's server let pass (RFC 9112 §3.2).
pub(super) fn improper(received: &Received) -> Option<Error> {
    let form = match received.uri.path() {
        "*" => received.method == Method::OPTIONS,
        "" => received.method == Method::CONNECT,
        _ => true,
    };
    if !form {
        let what = "the request target has a form that its method does not take";
        return Some(Error::new(ErrorKind::BadRequest, what));
    }
    // Whether there has to be one is that server's to say: since HTTP/2 the target has the authority.
    if !received.fields.has(Name::Host) {
        return None;
    }
    let bad = check_host(received.version, &received.fields).err()?;
    Some(Error::new(bad.kind(), bad.why()))
}

/// Joins the tunnel, if the response is one, with the client's connection once that has been switched as well.
pub(super) fn switched(response: Response, switch: Option<OnUpgrade>) -> Response {
    let (Some(switch), true) = (switch, response.body().is_tunnel()) else {
        let mut response = response;
        // Only a 426 still has one, which has to be named (RFC 9110 §7.8).
        if response.headers().contains_key(UPGRADE) {
            response.headers_mut().insert(CONNECTION, UPGRADE.into());
        }
        return response;
    };
    let (mut parts, body) = response.into_parts();
    if let Some(tunnel) = body.into_tunnel() {
        if let Some(protocol) = &tunnel.protocol {
            parts.headers.insert(UPGRADE, protocol.clone());
            parts.headers.insert(CONNECTION, UPGRADE.into());
        }
        tokio::spawn(async move {
            let joined = match switch.await {
                Ok(client) => {
                    let client = TokioIo::new(client);
                    let ahead = BytesMut::new();
                    tunnel.join(client, ahead, TUNNEL_TIMEOUT).await
                }
                Err(error) => Err(io::Error::other(error)),
            };
            if let Err(error) = joined {
                tracing::debug!("a tunnel ended: {error}");
            }
        });
    }
    Response::from_parts(parts, Body::empty())
}
