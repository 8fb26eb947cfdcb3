//! The outgoing header fields: those that were received, but for the edits.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use http::header::{HeaderMap, HeaderName};

use crate::fields::{Buffer, Fields, Name};
use crate::handler::received::Received;

/// See the module. The request as it was received stays as it is, and can be asked for here.
#[derive(Debug)]
pub(crate) struct Headers {
    fields: Fields<Overlay>,
    /// The fields as a map, once somebody has asked for it.
    map: OnceLock<Box<HeaderMap>>,
}

/// What was added lies above what was received: one address space, and nothing is copied.
pub(crate) struct Overlay {
    received: Arc<Received>,
    added: Vec<u8>,
}

/// Room for what a proxy adds to a request.
const ADDED: usize = 192;

impl Headers {
    pub(crate) fn new(received: &Arc<Received>) -> Self {
        let overlay = Overlay {
            received: Arc::clone(received),
            added: Vec::with_capacity(ADDED),
        };
        Self {
            fields: received.fields.over(overlay),
            map: OnceLock::new(),
        }
    }

    /// Without any field; for a request that was built.
    pub(crate) fn spent(received: Arc<Received>) -> Self {
        let added = Vec::new();
        Self {
            fields: Fields::empty(Overlay { received, added }),
            map: OnceLock::new(),
        }
    }

    /// The same fields once more.
    pub(crate) fn copy(&self) -> Self {
        let Overlay { received, added } = self.fields.buffer();
        let overlay = Overlay {
            received: Arc::clone(received),
            added: added.clone(),
        };
        Self {
            fields: self.fields.over(overlay),
            map: OnceLock::new(),
        }
    }

    pub(crate) fn received(&self) -> &Arc<Received> {
        &self.fields.buffer().received
    }

    /// The fields as they will be sent.
    pub(crate) fn now(&self) -> &Fields<Overlay> {
        &self.fields
    }

    /// The same as a map.
    pub(crate) fn map(&self) -> &HeaderMap {
        self.map.get_or_init(|| Box::new(self.fields.to_map()))
    }

    /// The fields, to be edited.
    pub(crate) fn edit(&mut self) -> &mut Fields<Overlay> {
        self.map.take();
        &mut self.fields
    }

    /// Moves all values of `from` to `to`, in place of what `to` held.
    pub(crate) fn rename(&mut self, from: &HeaderName, to: &HeaderName) {
        let values: Vec<_> = self.fields.values(from).map(<[u8]>::to_vec).collect();
        if values.is_empty() || from == to {
            return;
        }
        let fields = self.edit();
        fields.remove(from);
        fields.remove(to);
        for value in values {
            fields.append(to, &value);
        }
    }

    /// Takes the handler's own Host, which decides what is sent.
    pub(crate) fn take_host(&mut self) -> Option<Vec<u8>> {
        let host = self.fields.values(Name::Host).next()?.to_vec();
        self.edit().remove(Name::Host);
        Some(host)
    }
}

impl Buffer for Overlay {
    fn get(&self, range: Range<usize>) -> &[u8] {
        let received = self.received.fields.bytes();
        match range.start.checked_sub(received.len()) {
            None => &received[range],
            Some(start) => &self.added[start..range.end - received.len()],
        }
    }

    fn write(&self, range: Range<usize>, out: &mut Vec<u8>) {
        let received = self.received.fields.bytes();
        let split = received.len().clamp(range.start, range.end);
        out.extend_from_slice(received.get(range.start..split).unwrap_or_default());
        let added = split.max(received.len()) - received.len()
            ..range.end.max(received.len()) - received.len();
        out.extend_from_slice(&self.added[added]);
    }

    fn end(&self) -> usize {
        self.received.fields.bytes().len() + self.added.len()
    }

    fn open(&mut self) -> &mut Vec<u8> {
        &mut self.added
    }
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "headers/property.rs"]
mod property;

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;
    use crate::ModifiableRequest;

    fn name(text: &'static str) -> HeaderName {
        HeaderName::from_static(text)
    }

    fn sample() -> Headers {
        let mut request = ModifiableRequest::builder();
        for (name, value) in [("a", "1"), ("a", "2"), ("b", "3")] {
            request = request.header(name, value);
        }
        let received = Arc::clone(request.build().headers_mut().received());
        Headers::new(&received)
    }

    fn lines(headers: &Headers) -> String {
        let mut out = Vec::new();
        headers.now().write(&mut out);
        String::from_utf8(out).unwrap().replace("\r\n", "|")
    }

    #[test]
    fn the_original_survives_every_edit() {
        let edits: [fn(&mut Headers); 7] = [
            |h| h.edit().append(&name("a"), b"x"),
            |h| h.edit().set(&name("a"), b"x"),
            |h| h.edit().remove(&name("a")),
            |h| h.rename(&name("a"), &name("b")),
            |h| h.edit().set(&name("new"), b"x"),
            |h| h.edit().remove(&name("b")),
            |h| h.rename(&name("b"), &name("a")),
        ];
        let original = sample().map().clone();
        for first in edits {
            for second in edits {
                let mut headers = sample();
                first(&mut headers);
                second(&mut headers);
                assert_eq!(*headers.received().map(), original);
                let mut out = Vec::new();
                headers.now().write(&mut out);
                let told: Vec<_> = headers
                    .now()
                    .iter()
                    .map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat())
                    .collect();
                assert_eq!(told.concat(), out);
            }
        }
    }

    #[test]
    fn edits_do_what_they_say() {
        let mut headers = sample();
        assert_eq!(headers.map().get("b"), Some(&HeaderValue::from_static("3")));
        headers.edit().append(&name("b"), b"4");
        headers.rename(&name("a"), &name("c"));
        headers.edit().set(&name("d"), b"5");
        headers.edit().set(&name("d"), b"6");
        assert_eq!(lines(&headers), "b: 3|b: 4|c: 1|c: 2|d: 6|");
        assert_eq!(headers.map().get_all("b").iter().count(), 2);
        headers.edit().append(Name::Host, b"own");
        assert_eq!(headers.take_host(), Some(b"own".to_vec()));
        assert_eq!(headers.take_host(), None);
        assert_eq!(lines(&headers), "b: 3|b: 4|c: 1|c: 2|d: 6|");
    }
}
