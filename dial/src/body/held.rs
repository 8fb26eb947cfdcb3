//! A body that keeps something until it is over.

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::{Body, Inner, Source};
use crate::error::Error;

struct Held<T> {
    body: Body,
    over: bool,
    _kept: T,
}

impl Body {
    /// Keeps something until the body was read to its end, broke off or was dropped, or until the tunnel is over.
    pub(crate) fn holding(mut self, held: impl Any + Send + Sync) -> Self {
        if let Inner::Tunnel(tunnel) = self.inner {
            self.inner = Inner::Tunnel(Box::new(tunnel.holding(Some(held))));
            return self;
        }
        if self.is_end_stream() {
            return self;
        }
        Self::from_source(Box::new(Held {
            body: self,
            over: false,
            _kept: held,
        }))
    }
}

impl<T: Send + Sync> Source for Held<T> {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.over = frame.is_none();
        Poll::Ready(frame)
    }

    fn is_end(&self) -> bool {
        self.over || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn done(self: Box<Self>) {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt as _;

    use super::*;

    /// A body that does not know when it is over until it is asked for more.
    struct Endless(u32);

    impl HttpBody for Endless {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            let left = self.0.checked_sub(1);
            Poll::Ready(left.map(|left| {
                self.0 = left;
                Ok(Frame::data(Bytes::from_static(b"x")))
            }))
        }
    }

    #[tokio::test]
    async fn it_is_let_go_with_the_last_frame_or_with_the_body() {
        let watched = Arc::new(());
        let held = || Arc::strong_count(&watched) > 1;
        for none in [Body::empty(), Body::from("")] {
            let _body = none.holding(Arc::clone(&watched));
            assert!(!held(), "nothing will ever be read of it");
        }

        let mut body = Body::from("text").holding(Arc::clone(&watched));
        assert_eq!(body.size_hint().exact(), Some(4));
        assert!(held() && !body.is_end_stream());
        let frame = body.frame().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), "text");
        assert!(!held() && body.is_end_stream());

        let mut body = Body::new(Endless(2)).holding(Arc::clone(&watched));
        for _ in 0..2 {
            assert!(body.frame().await.is_some() && held());
        }
        assert!(body.frame().await.is_none() && !held());

        let mut body = Body::new(Endless(2)).limited(1);
        body = body.holding(Arc::clone(&watched));
        assert!(body.frame().await.expect("a frame").is_ok() && held());
        assert!(body.frame().await.expect("a frame").is_err() && !held());

        let body = Body::from("text").holding(Arc::clone(&watched));
        assert!(held());
        drop(body);
        assert!(!held());
    }
}
