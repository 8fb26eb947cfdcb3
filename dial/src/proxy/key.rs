//! What of a request decides which endpoint gets it.

use crate::fields::Name;
use crate::handler::Draft;
use crate::upstream::{HashOn, hash};

/// The request's key; `None` if it has none of what is asked for.
pub(super) fn of(draft: &Draft, on: &HashOn) -> Option<u64> {
    match on {
        HashOn::Header(name) => draft.headers.now().values(name).next().map(hash),
        HashOn::Cookie(name) => {
            let lines = draft.original().fields.values(Name::Cookie);
            lines
                .into_iter()
                .find_map(|line| cookie(line, name))
                .map(hash)
        }
        HashOn::ClientIp => draft
            .original()
            .peer
            .ip_text
            .as_deref()
            .map(|ip| hash(ip.as_bytes())),
        HashOn::Param(name) => {
            let path = draft.original().uri.path();
            draft
                .params
                .get(path, name)
                .map(|value| hash(value.as_bytes()))
        }
    }
}

/// The value of the first cookie of that name in a line (RFC 6265 §4.2.1).
pub(super) fn cookie<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    line.split(|byte| *byte == b';').find_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(name.as_bytes())?;
        value.strip_prefix(b"=")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModifiableRequest;

    fn key(on: &HashOn, request: &mut ModifiableRequest) -> Option<u64> {
        of(&request.build().expect("a request").draft, on)
    }

    #[test]
    fn a_key_is_made_of_what_is_asked_for() {
        let request = || {
            ModifiableRequest::builder()
                .uri("/users/7")
                .param("id", "7")
                .header("X-Tenant", "7")
                .header("Cookie", "session=8; user=7")
        };
        let seven = Some(hash(b"7"));
        let sources = [
            HashOn::header("x-tenant").expect("a name"),
            HashOn::cookie("user"),
            HashOn::param("id"),
        ];
        for on in &sources {
            assert_eq!(key(on, &mut request().build()), seven, "{on:?}");
            assert_eq!(key(on, &mut ModifiableRequest::get("/")), None, "{on:?}");
        }
        let addr = ([192, 0, 2, 1], 4711).into();
        let mut from = ModifiableRequest::builder().client_addr(addr).build();
        assert_eq!(key(&HashOn::ClientIp, &mut from), Some(hash(b"192.0.2.1")));
        let mut unknown = ModifiableRequest::get("/");
        assert_eq!(key(&HashOn::ClientIp, &mut unknown), None);
        // What a handler sets is what counts.
        let mut edited = request().build();
        edited.set_header("X-Tenant", "9");
        assert_eq!(key(&sources[0], &mut edited), Some(hash(b"9")));
    }

    #[test]
    fn cookies_are_told_apart() {
        let cases: [(&[u8], Option<&[u8]>); 6] = [
            (b"a=1", Some(b"1")),
            (b"b=2; a=1", Some(b"1")),
            (b"aa=2;a=1;a=3", Some(b"1")),
            (b"a=", Some(b"")),
            (b"a", None),
            (b"b=a=1", None),
        ];
        for (line, value) in cases {
            assert_eq!(cookie(line, "a"), value, "{}", line.escape_ascii());
        }
    }
}
