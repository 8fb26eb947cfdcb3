//! The bytes of large bodies: known in advance, so that they are checked on the fly and held by
//! nobody.

/// The byte every large body carries at `offset`. The period is a prime, so that a lost or doubled
/// buffer shows.
#[must_use]
pub fn byte_at(offset: u64) -> u8 {
    PATTERN[phase(offset)]
}

/// How much is written or read at a time.
pub(crate) const PIECE: usize = 64 * 1024;

const PERIOD: u8 = 251;

/// A piece from any phase on.
static PATTERN: [u8; PIECE + PERIOD as usize] = {
    let mut pattern = [0; PIECE + PERIOD as usize];
    let mut at = 1;
    while at < pattern.len() {
        pattern[at] = (pattern[at - 1] + 1) % PERIOD;
        at += 1;
    }
    pattern
};

/// The bytes from `offset` on, at most [`PIECE`] and at most `left` of them.
pub(crate) fn piece(offset: u64, left: u64) -> &'static [u8] {
    let length = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
    &PATTERN[phase(offset)..][..length]
}

/// Panics unless `bytes` are what a large body carries from `offset` on.
pub(crate) fn check(offset: u64, bytes: &[u8]) {
    let mut at = offset;
    for bytes in bytes.chunks(PIECE) {
        let expected = piece(at, bytes.len() as u64);
        if bytes != expected {
            let mut pairs = (at..).zip(bytes.iter().zip(expected));
            let wrong = pairs.find(|(_, (byte, sent))| byte != sent);
            let (at, (byte, sent)) = wrong.expect("what differs differs somewhere");
            panic!("byte {at} of a large body is {byte}, it was sent as {sent}");
        }
        at += bytes.len() as u64;
    }
}

fn phase(offset: u64) -> usize {
    usize::try_from(offset % u64::from(PERIOD)).expect("less than the period")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_fit_together() {
        let mut offset = 0;
        for left in [1, 250, 251, 252, 1 << 40, 1 << 40, 7] {
            let piece = piece(offset, left);
            assert_eq!(piece[0], byte_at(offset));
            check(offset, piece);
            offset += piece.len() as u64;
        }
        check(
            offset,
            &[piece(offset, 1 << 40), piece(offset + PIECE as u64, 5)].concat(),
        );
    }

    #[test]
    #[should_panic(expected = "byte 252 of a large body is 2, it was sent as 1")]
    fn a_lost_byte_shows() {
        check(250, &[250, 0, 2]);
    }
}
