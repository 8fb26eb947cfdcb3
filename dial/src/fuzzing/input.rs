//! What the targets share in reading their input.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Small numbers that depend on nothing but the input, so that each input always takes the same course.
pub(super) struct Dice(u64);

impl Dice {
    /// Seeded with the input (FNV-1a).
    pub(super) fn of(data: &[u8]) -> Self {
        Self(data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }

    /// A number below `bound`, or 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from((mixed ^ mixed >> 31) % bound).unwrap_or(0)
    }
}

/// The first line without its end, and the rest.
pub(super) fn line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

/// `name: value` lines; those that are no fields are left out.
pub(super) fn fields(mut data: &[u8]) -> HeaderMap {
    let mut map = HeaderMap::new();
    while !data.is_empty() && map.len() < 200 {
        let (field, rest) = line(data);
        data = rest;
        let Some(colon) = field.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&field[..colon]);
        let value = HeaderValue::from_bytes(field[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    map
}

/// All values of one field.
pub(super) fn values<'a>(map: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    map.get_all(name)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect()
}

/// Whether a field may stand behind a body: none that frames, routes, authenticates, identifies, or says how the content is
/// to be read (RFC 9110 §6.5.1).
pub(super) fn may_trail(name: &str) -> bool {
    const NEVER: &str = "accept-ranges age authorization cache-control connection content-disposition \
        content-encoding content-length content-location content-range content-security-policy content-type cookie date expect expires forwarded host http2-settings keep-alive \
        location max-forwards pragma proxy-authenticate proxy-authorization proxy-connection proxy-status range refresh \
        retry-after set-cookie strict-transport-security te trailer transfer-encoding upgrade vary via www-authenticate \
        x-forwarded x-frame-options x-http-method-override x-original-url x-real-ip";
    const OWN: &str = "connection content-length forwarded host http2-settings keep-alive proxy-authenticate \
        proxy-authorization proxy-connection te trailer transfer-encoding upgrade x-forwarded \
        x-real-ip";
    let listed = |list: &str, name: &str| list.split_whitespace().any(|listed| listed == name);
    let families = ["if-", "x-forwarded-", "access-control-"];
    // To some, `_` is `-`; so are names that dial alone writes.
    let plain = name.replace('_', "-");
    let disguised = plain != name && (listed(OWN, &plain) || plain.starts_with("x-forwarded-"));
    !listed(NEVER, name) && !families.iter().any(|family| name.starts_with(family)) && !disguised
}
