//! The end of a connection whose client may still be sending.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::Connection;

/// What is read from a client, and for how long, so that it sees the last response before the connection ends.
const LINGER: (usize, Duration) = (64 * 1024 * 1024, Duration::from_secs(2));

impl Connection {
    /// Ends the connection so that the client can read the last response: a close with bytes unread would reset it, and
    /// take the response along (RFC 9112 §9.6).
    pub(super) async fn linger(mut self) -> io::Result<()> {
        self.write.shutdown().await?;
        self.reclaim();
        let Some(mut reader) = self.reader.take().or(self.rest.take()) else {
            return Ok(());
        };
        let drain = async {
            let mut left = LINGER.0;
            while left > 0 && !reader.ended {
                reader.input.clear();
                let read = std::future::poll_fn(|cx| reader.poll_read(cx)).await;
                left = left.saturating_sub(read.unwrap_or(left));
            }
        };
        let _ = timeout(LINGER.1, drain).await;
        Ok(())
    }
}
