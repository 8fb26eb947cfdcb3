//! One message on its way out: a head, and a part of the filler for a body.

use std::io::{self, IoSlice, Write};

/// What is still to be written of head and body.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    sent: usize,
}

impl Outgoing {
    /// Writes until all is out (true), or the socket takes no more (false). One call for head and body together.
    pub(crate) fn write(
        &mut self,
        to: &mut impl Write,
        head: &[u8],
        body: &[u8],
    ) -> io::Result<bool> {
        let all = head.len() + body.len();
        while self.sent < all {
            let written = match self.sent.checked_sub(head.len()) {
                Some(sent) => to.write(&body[sent..]),
                None if body.is_empty() => to.write(&head[self.sent..]),
                None => to.write_vectored(&[IoSlice::new(&head[self.sent..]), IoSlice::new(body)]),
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => self.sent += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes `0` bytes at a time, and nothing every other time.
    struct Slow(usize, bool, Vec<u8>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let taken = bytes.len().min(self.0);
            self.2.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn in_any_pieces() {
        for piece in 1..12 {
            let mut to = Slow(piece, false, Vec::new());
            let mut outgoing = Outgoing::default();
            let mut turns = 0;
            while !outgoing.write(&mut to, b"head", b"body12").unwrap() {
                turns += 1;
                assert!(turns < 100);
            }
            assert_eq!(to.2, b"headbody12");
        }
    }
}
