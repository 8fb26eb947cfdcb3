//! The edits of a request's fields against a plain list of names and values.

use http::header::HeaderValue;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

use super::*;
use crate::fields::Names;

/// What [`Headers`] should hold: names in lower case, in order.
#[derive(Clone, Debug)]
struct Model(Vec<(String, Vec<u8>)>);

/// A line of a head: name, white space, value, white space.
type Line = (&'static str, &'static str, &'static [u8], &'static str);

#[derive(Clone, Debug)]
enum Edit {
    Append(&'static str, &'static [u8]),
    Set(&'static str, &'static [u8]),
    Remove(&'static str),
    RemoveAll(Vec<&'static str>),
    Rename(&'static str, &'static str),
    TakeHost,
}

// Few different names, so that they repeat; of every kind that is looked up in its own way, and in every case they come.

const LOWER: [&str; 8] = [
    "x-a",
    "x-b",
    "host",
    "via",
    "connection",
    "x-forwarded-prefix",
    "x_real_ip",
    "x_forwarded_for",
];

const SENT: [&str; 12] = [
    "x-a",
    "X-A",
    "X-B",
    "x-B",
    "Host",
    "via",
    "VIA",
    "Connection",
    "X-Forwarded-Prefix",
    "x-forwarded-prefix",
    "X_Real_IP",
    "x_forwarded_for",
];

const VALUES: [&[u8]; 6] = [
    b"",
    b"1",
    b"a: b",
    b"a,\t b",
    b"\xe9\xff",
    b"a value that is so long that what is added soon needs more room than there is at first",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_do_what_they_do_to_a_plain_list(
        lines in vec(line(), 0..10),
        edits in vec(edit(), 0..12),
    ) {
        let received = Arc::new(Received { fields: read(&lines), ..Received::default() });
        let original = Model::read(&lines);
        let mut model = original.clone();
        let mut headers = Headers::new(&received);
        check(&headers, &model, &original)?;
        for edit in edits {
            model.apply(&edit);
            apply(&mut headers, &edit)?;
            check(&headers, &model, &original)?;
        }
    }
}

fn line() -> impl Strategy<Value = Line> {
    (
        select(SENT.to_vec()),
        // Mostly as it is to be written.
        select(vec![" ", " ", " ", "", "  ", "\t", " \t"]),
        select(VALUES.to_vec()),
        select(vec!["", "", "", " ", "\t "]),
    )
}

fn edit() -> impl Strategy<Value = Edit> {
    let name = || select(LOWER.to_vec());
    let value = || select(VALUES.to_vec());
    prop_oneof![
        3 => (name(), value()).prop_map(|(name, value)| Edit::Append(name, value)),
        3 => (name(), value()).prop_map(|(name, value)| Edit::Set(name, value)),
        3 => name().prop_map(Edit::Remove),
        1 => vec(name(), 0..4).prop_map(Edit::RemoveAll),
        3 => (name(), name()).prop_map(|(from, to)| Edit::Rename(from, to)),
        1 => Just(Edit::TakeHost),
    ]
}

/// The fields of a head with these lines, read as the head of a message is.
fn read(lines: &[Line]) -> Fields {
    let mut head = b"GET / HTTP/1.1\r\n".to_vec();
    let first = head.len();
    for (name, before, value, behind) in lines {
        let parts: [&[u8]; 6] = [
            name.as_bytes(),
            b":",
            before.as_bytes(),
            value,
            behind.as_bytes(),
            b"\r\n",
        ];
        head.extend(parts.concat());
    }
    head.extend(b"\r\n");
    let mut room = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut room);
    assert!(request.parse(&head).unwrap().is_complete());
    let read = request.headers.iter();
    let read = read.map(|field| (field.name.as_bytes(), field.value));
    Fields::of_head(&head[first..], read)
}

/// The one name that dial knows, if it is one.
fn known(name: &str) -> Option<Name> {
    let known = Name::of(name.as_bytes());
    let is_kind = matches!(known, Name::Other | Name::Forwarding | Name::Disguised);
    (!is_kind).then_some(known)
}

fn kinds(names: &[&str]) -> Names {
    let kinds = names.iter().map(|name| Name::of(name.as_bytes()));
    Names::of(&kinds.collect::<Vec<_>>())
}

fn apply(headers: &mut Headers, edit: &Edit) -> Result<(), TestCaseError> {
    let text = HeaderName::from_static;
    match edit {
        // As dial itself does: a name that it knows is given as such.
        Edit::Append(name, value) => match known(name) {
            Some(name) => headers.edit().append(name, value),
            None => headers.edit().append(&text(name), value),
        },
        Edit::Set(name, value) => match known(name) {
            Some(name) => headers.edit().set(name, value),
            None => headers.edit().set(&text(name), value),
        },
        Edit::Remove(name) => headers.edit().remove(&text(name)),
        Edit::RemoveAll(names) => headers.edit().remove_all(kinds(names)),
        Edit::Rename(from, to) => headers.rename(&text(from), &text(to)),
        Edit::TakeHost => {
            let host = headers.now().values(Name::Host).next().map(<[u8]>::to_vec);
            prop_assert_eq!(headers.take_host(), host);
        }
    }
    Ok(())
}

impl Model {
    fn read(lines: &[Line]) -> Self {
        let lines = lines.iter();
        let read = lines.map(|(name, _, value, _)| (name.to_ascii_lowercase(), value.to_vec()));
        Self(read.collect())
    }

    fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Append(name, value) => self.append(name, value),
            Edit::Set(name, value) => {
                self.remove(name);
                self.append(name, value);
            }
            Edit::Remove(name) => self.remove(name),
            Edit::RemoveAll(names) => {
                let kinds = kinds(names);
                let is_kept = |name: &str| !kinds.contains(Name::of(name.as_bytes()));
                self.0.retain(|(name, _)| is_kept(name));
            }
            Edit::Rename(from, to) => {
                let moved: Vec<_> = self.values(from).map(<[u8]>::to_vec).collect();
                if !moved.is_empty() && from != to {
                    self.remove(from);
                    self.remove(to);
                    for value in moved {
                        self.append(to, &value);
                    }
                }
            }
            Edit::TakeHost => self.remove("host"),
        }
    }

    fn append(&mut self, name: &str, value: &[u8]) {
        self.0.push((name.to_owned(), value.to_vec()));
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| own != name);
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let lines = self.0.iter().filter(move |(own, _)| own == name);
        lines.map(|(_, value)| &**value)
    }

    fn written(&self) -> Vec<u8> {
        let lines = self.0.iter();
        let lines = lines.map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat());
        lines.collect::<Vec<_>>().concat()
    }

    fn map(&self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in &self.0 {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        map
    }
}

fn check(headers: &Headers, model: &Model, original: &Model) -> Result<(), TestCaseError> {
    agrees(headers.now(), model)?;
    prop_assert_eq!(headers.map(), &model.map());
    agrees(&headers.received().fields, original)?;
    prop_assert_eq!(headers.received().map(), &original.map());
    Ok(())
}

fn agrees<B: Buffer>(fields: &Fields<B>, model: &Model) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    fields.write(&mut out);
    let written = model.written();
    prop_assert_eq!(
        out.escape_ascii().to_string(),
        written.escape_ascii().to_string()
    );
    prop_assert!(fields.most() >= out.len());
    let told: Vec<_> = fields.iter().collect();
    let lines = model.0.iter();
    let lines: Vec<_> = lines.map(|(name, value)| (&**name, &**value)).collect();
    prop_assert_eq!(told, lines);
    for text in LOWER {
        let name = HeaderName::from_static(text);
        let values: Vec<_> = model.values(text).collect();
        prop_assert_eq!(
            fields.values(&name).collect::<Vec<_>>(),
            &*values,
            "{}",
            text
        );
        prop_assert_eq!(fields.contains(&name), !values.is_empty(), "{}", text);
        // Of names that are looked up as text it may be told that one is there when the last has gone, but not otherwise.
        let has = fields.has(Name::of(text.as_bytes()));
        match known(text) {
            Some(name) => {
                prop_assert_eq!(has, !values.is_empty(), "{}", text);
                prop_assert_eq!(fields.contains(name), has, "{}", text);
                prop_assert_eq!(fields.values(name).collect::<Vec<_>>(), values, "{}", text);
            }
            None => prop_assert!(has || values.is_empty(), "{}", text),
        }
    }
    Ok(())
}
