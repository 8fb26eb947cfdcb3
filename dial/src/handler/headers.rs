//! The outgoing header fields, edited in place, and a journal from which the original can be told.

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A header map that remembers what each touched name held before its first touch.
///
/// Copying the map of every request would cost more than proxying it, so only what changes is kept.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    now: HeaderMap,
    before: Vec<(HeaderName, Before)>,
}

#[derive(Debug)]
enum Before {
    Absent,
    One(HeaderValue),
    Many(Vec<HeaderValue>),
}

impl Headers {
    pub(crate) fn new(map: HeaderMap) -> Self {
        Self {
            now: map,
            before: Vec::new(),
        }
    }

    /// The fields as they will be sent.
    pub(crate) fn now(&self) -> &HeaderMap {
        &self.now
    }

    pub(crate) fn into_now(self) -> HeaderMap {
        self.now
    }

    /// The first value of `name` as the client sent it.
    pub(crate) fn original(&self, name: &HeaderName) -> Option<&HeaderValue> {
        match self.before.iter().find(|(touched, _)| touched == name) {
            None => self.now.get(name),
            Some((_, Before::Absent)) => None,
            Some((_, Before::One(value))) => Some(value),
            Some((_, Before::Many(values))) => values.first(),
        }
    }

    /// All fields as the client sent them; a copy. Names that were touched come last.
    pub(crate) fn originals(&self) -> HeaderMap {
        let mut map = self.now.clone();
        for (name, before) in &self.before {
            map.remove(name);
            match before {
                Before::Absent => {}
                Before::One(value) => {
                    map.append(name.clone(), value.clone());
                }
                Before::Many(values) => {
                    for value in values {
                        map.append(name.clone(), value.clone());
                    }
                }
            }
        }
        map
    }

    /// Adds a value after those that are there.
    pub(crate) fn append(&mut self, name: HeaderName, value: HeaderValue) {
        if !self.touched(&name) {
            let before = match self.now.contains_key(&name) {
                true => self.copied(&name),
                false => Before::Absent,
            };
            self.before.push((name.clone(), before));
        }
        self.now.append(name, value);
    }

    /// Replaces all values of `name`.
    pub(crate) fn set(&mut self, name: HeaderName, value: HeaderValue) {
        if self.touched(&name) {
            self.now.insert(name, value);
        } else {
            let before = self.taken(&name);
            self.before.push((name.clone(), before));
            self.now.insert(name, value);
        }
    }

    /// Removes all values of `name`.
    pub(crate) fn remove(&mut self, name: &HeaderName) {
        if !self.now.contains_key(name) {
            return;
        }
        if self.touched(name) {
            self.now.remove(name);
        } else {
            let before = self.taken(name);
            self.before.push((name.clone(), before));
        }
    }

    /// Moves all values of `from` to `to`, in place of what `to` held.
    pub(crate) fn rename(&mut self, from: &HeaderName, to: &HeaderName) {
        let values: Vec<_> = self.now.get_all(from).iter().cloned().collect();
        if values.is_empty() || from == to {
            return;
        }
        self.remove(from);
        self.remove(to);
        for value in values {
            self.append(to.clone(), value);
        }
    }

    /// Takes Host out without a note in the journal: the request keeps it apart.
    pub(crate) fn drop_host(&mut self) {
        self.now.remove(http::header::HOST);
    }

    fn touched(&self, name: &HeaderName) -> bool {
        self.before.iter().any(|(touched, _)| touched == name)
    }

    fn copied(&self, name: &HeaderName) -> Before {
        before(self.now.get_all(name).iter().cloned())
    }

    fn taken(&mut self, name: &HeaderName) -> Before {
        match self.now.entry(name) {
            http::header::Entry::Vacant(_) => Before::Absent,
            http::header::Entry::Occupied(entry) => before(entry.remove_entry_mult().1),
        }
    }
}

fn before(mut values: impl Iterator<Item = HeaderValue>) -> Before {
    match (values.next(), values.next()) {
        (None, _) => Before::Absent,
        (Some(one), None) => Before::One(one),
        (Some(first), Some(second)) => {
            Before::Many([first, second].into_iter().chain(values).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &'static str) -> HeaderName {
        HeaderName::from_static(text)
    }

    fn value(text: &'static str) -> HeaderValue {
        HeaderValue::from_static(text)
    }

    fn sample() -> Headers {
        let mut map = HeaderMap::new();
        map.append(name("a"), value("1"));
        map.append(name("a"), value("2"));
        map.append(name("b"), value("3"));
        Headers::new(map)
    }

    #[test]
    fn the_original_survives_every_edit() {
        let edits: [fn(&mut Headers); 7] = [
            |h| h.append(name("a"), value("x")),
            |h| h.set(name("a"), value("x")),
            |h| h.remove(&name("a")),
            |h| h.rename(&name("a"), &name("b")),
            |h| h.set(name("new"), value("x")),
            |h| h.remove(&name("b")),
            |h| h.rename(&name("b"), &name("a")),
        ];
        for first in edits {
            for second in edits {
                let mut headers = sample();
                first(&mut headers);
                second(&mut headers);
                assert_eq!(headers.originals(), sample().now);
                assert_eq!(headers.original(&name("a")).unwrap(), "1");
                assert_eq!(headers.original(&name("b")).unwrap(), "3");
                assert_eq!(headers.original(&name("new")), None);
            }
        }
    }

    #[test]
    fn edits_do_what_they_say() {
        let mut headers = sample();
        headers.append(name("b"), value("4"));
        headers.rename(&name("a"), &name("c"));
        headers.set(name("d"), value("5"));
        headers.set(name("d"), value("6"));
        let all = |name: &'static str| -> Vec<_> { headers.now.get_all(name).iter().collect() };
        assert_eq!(all("a"), Vec::<&HeaderValue>::new());
        assert_eq!(all("b"), ["3", "4"]);
        assert_eq!(all("c"), ["1", "2"]);
        assert_eq!(all("d"), ["6"]);
    }
}
