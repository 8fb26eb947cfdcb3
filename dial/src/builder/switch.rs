//! Tunnels through somebody else's server: hyper's, which hands its connection over once its 101 is written.

use std::io;

use bytes::BytesMut;
use http::HeaderValue;
use http::header::{CONNECTION, UPGRADE};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::body::Body;
use crate::config::TUNNEL_TIMEOUT;
use crate::handler::Response;

/// Joins the tunnel, if the response is one, with the client's connection once that has been switched as well.
pub(super) fn switched(response: Response, switch: Option<OnUpgrade>) -> Response {
    let (Some(switch), true) = (switch, response.body().is_tunnel()) else {
        return response;
    };
    let (mut parts, body) = response.into_parts();
    if let Some(tunnel) = body.into_tunnel() {
        if let Some(protocol) = &tunnel.protocol {
            parts.headers.insert(UPGRADE, protocol.clone());
            let option = HeaderValue::from_static("upgrade");
            parts.headers.insert(CONNECTION, option);
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
