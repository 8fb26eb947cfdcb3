//! Interim responses on their way to a client's connection (RFC 9110 §15.2).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

/// How many bytes may wait to be written; what does not fit is dropped, as any interim response may be.
const ROOM: usize = 64 * 1024;

/// A connection's end: one for all its exchanges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channel(Arc<Mutex<State>>);

/// The other end, good for one exchange: once the final response has begun, nothing may come before the next one.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    channel: Channel,
    turn: u64,
}

#[derive(Debug, Default)]
struct State {
    /// Which exchange may write.
    turn: u64,
    bytes: Vec<u8>,
    /// The connection, should somebody else's task have something for it.
    waker: Option<Waker>,
}

impl Channel {
    /// Begins an exchange.
    pub(crate) fn open(&self) -> Relay {
        Relay {
            turn: self.lock().turn,
            channel: self.clone(),
        }
    }

    /// What is to be written now, if there is `room` for it; the task of `cx` is woken when there is more.
    pub(crate) fn take(&self, room: bool, cx: &Context<'_>) -> Vec<u8> {
        let mut state = self.lock();
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        match room {
            true => std::mem::take(&mut state.bytes),
            false => Vec::new(),
        }
    }

    /// What is to be written before the final response. The exchange's relays are mute from now on.
    pub(crate) fn close(&self) -> Vec<u8> {
        let mut state = self.lock();
        state.turn += 1;
        std::mem::take(&mut state.bytes)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Relay {
    /// Writes the head of an interim response.
    pub(crate) fn push(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.channel.lock();
        if state.turn != self.turn {
            return;
        }
        let before = state.bytes.len();
        write(&mut state.bytes);
        if state.bytes.len() > ROOM {
            state.bytes.truncate(before);
        }
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_relay_is_good_for_one_exchange() {
        let channel = Channel::default();
        let first = channel.open();
        first.push(|out| out.extend(b"one"));
        first.push(|out| out.extend(b" two"));
        assert_eq!(text(channel.close()), "one two");
        let second = channel.open();
        first.push(|out| out.extend(b"late"));
        assert_eq!(text(channel.close()), "");
        second.push(|out| out.extend(b"late too"));
        assert_eq!(text(channel.close()), "");
    }

    #[test]
    fn what_waits_is_bounded() {
        let channel = Channel::default();
        let relay = channel.open();
        relay.push(|out| out.extend(b"kept"));
        relay.push(|out| out.resize(out.len() + ROOM, b'x'));
        assert_eq!(text(channel.close()), "kept");
    }
}
