//! The end of HTTP on a client's connection: what comes behind a 101, or behind a 2xx to CONNECT.

use std::io;

use super::{After, Connection};
use crate::body::Body;
use crate::h1::WriteError;
use crate::handler::Answer;
use crate::server::outgoing;
use crate::tunnel::Tunnel;

impl Connection {
    /// Writes the head behind which the connection is a tunnel.
    pub(super) async fn switch(&mut self, answer: Answer) -> io::Result<After> {
        let Some(tunnel) = answer.body.into_tunnel() else {
            return Ok(After::Close);
        };
        let protocol = tunnel.protocol.as_ref();
        outgoing::switch(&mut self.writer, answer.status, answer.fields, protocol);
        match self.write_response(&mut Body::empty()).await {
            Ok(()) => Ok(After::Tunnel(tunnel)),
            Err(WriteError::Io(error)) => Err(error),
            Err(WriteError::Body(_)) => Ok(After::Close),
        }
    }

    /// Passes bytes both ways until the tunnel ends.
    pub(super) async fn join(mut self, tunnel: Tunnel) -> io::Result<()> {
        drop(self.busy);
        let Some(reader) = self.reader.take() else {
            return Ok(());
        };
        let (mut client, ahead) = reader.reunite(self.write)?;
        let idle = self.config.tunnel_timeout;
        let joined = tunnel.join(&mut client, ahead, idle).await;
        if joined.is_err() {
            client.set_zero_linger()?;
        }
        joined
    }
}
