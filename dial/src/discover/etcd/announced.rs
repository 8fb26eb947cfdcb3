//! The hosts that the keys stand for.

use std::collections::BTreeMap;
use std::fmt;

use super::api::Keys;
use crate::error::{BoxError, Chain, Error};
use crate::upstream::{HostEntry, distinct};

/// The longest value that can be a host.
pub(super) const MAX_VALUE: usize = 1024;

/// What each key has said.
#[derive(Default)]
pub(super) struct Announced {
    /// Its last value that was a host.
    hosts: BTreeMap<Vec<u8>, HostEntry>,
    /// What was logged about its value, which is none.
    faults: BTreeMap<Vec<u8>, String>,
}

impl Announced {
    /// The hosts of all keys that there are. An error if there are keys, and none has ever had a host.
    pub(super) fn hosts(&mut self, keys: &Keys) -> Result<Vec<HostEntry>, BoxError> {
        self.hosts.retain(|key, _| keys.contains_key(key));
        self.faults.retain(|key, _| keys.contains_key(key));
        for (key, value) in keys {
            match host(value) {
                Ok(host) => {
                    self.hosts.insert(key.clone(), host);
                    self.faults.remove(key);
                }
                Err(error) => self.note(key, &error),
            }
        }
        match self.faults.first_key_value() {
            Some((key, fault)) if self.hosts.is_empty() => {
                Err(Error::config(fault.clone()).within(Named(key)).into())
            }
            _ => Ok(distinct(self.hosts.values().cloned().collect())),
        }
    }

    /// Logs what is wrong with a value, once for each reason.
    fn note(&mut self, key: &[u8], error: &Error) {
        let fault = Chain(error).to_string();
        if self.faults.get(key) != Some(&fault) {
            let what = match self.hosts.contains_key(key) {
                true => "no host, so the one before stays",
                false => "no host, so it is left out",
            };
            tracing::warn!(target: "dial::upstream", "{}: {what}: {fault}", Named(key));
            self.faults.insert(key.to_owned(), fault);
        }
    }
}

fn host(value: &[u8]) -> Result<HostEntry, Error> {
    if value.len() > MAX_VALUE {
        let what = format!("its value has more than {MAX_VALUE} bytes");
        return Err(Error::config(what));
    }
    let value = std::str::from_utf8(value);
    let value = value.map_err(|error| Error::config("its value is not text").with_source(error))?;
    value.parse()
}

/// A key, in a line of a log.
struct Named<'a>(&'a [u8]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {:?}", String::from_utf8_lossy(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(values: &[(&str, &[u8])]) -> Keys {
        let keys = values.iter();
        let keys = keys.map(|(key, value)| (key.as_bytes().to_vec(), value.to_vec()));
        keys.collect()
    }

    #[test]
    fn values_are_hosts() {
        let hosts = |values| Announced::default().hosts(&keys(values)).unwrap();
        assert_eq!(hosts(&[]), []);
        assert_eq!(
            hosts(&[("/x/2", b"b"), ("/x/1", b" a weight=2\n"), ("/x/3", b"a")]),
            [HostEntry::new("a").weight(2), HostEntry::new("b")],
            "in the order of their keys, each once"
        );
    }

    /// One instance that writes nonsense neither holds up what others say nor takes anything from them.
    #[test]
    fn a_value_that_is_no_host_concerns_its_key_alone() {
        let mut announced = Announced::default();
        let mut hosts = |values| announced.hosts(&keys(values)).unwrap();
        let entries = |names: &[&str]| -> Vec<_> {
            let names = names.iter().copied();
            names.map(HostEntry::new).collect()
        };
        for (values, known) in [
            (
                &[("1", &b"a"[..]), ("2", b"?"), ("3", b"c")][..],
                &["a", "c"][..],
            ),
            (&[("1", b"?"), ("2", b"b")], &["a", "b"]),
            (&[("1", b"?"), ("2", b"b"), ("3", b"c")], &["a", "b", "c"]),
            // It is the key that says how long: its lease has ended.
            (&[("2", b"b")], &["b"]),
            (&[("1", b"?"), ("2", b"b")], &["b"]),
            (&[], &[]),
        ] {
            assert_eq!(hosts(values), entries(known), "{values:?}");
        }
    }

    #[test]
    fn no_host_among_all_values_is_an_error() {
        let long = [b'a'; MAX_VALUE + 1];
        for (value, message) in [
            (
                &b"a b"[..],
                "key \"/x/1\": \"b\" is none of `weight=N`, `backup` and `authority=NAME`",
            ),
            (b"\xff", "key \"/x/1\": its value is not text"),
            (b"", "key \"/x/1\": \"\": a host is empty"),
            (&long, "key \"/x/1\": its value has more than 1024 bytes"),
        ] {
            let error = Announced::default()
                .hosts(&keys(&[("/x/1", value)]))
                .unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_noted_once_for_each_reason() {
        let mut announced = Announced::default();
        let mut faults = |value| {
            let _ = announced.hosts(&keys(&[("1", value), ("2", b"b")]));
            announced.faults.values().cloned().collect::<Vec<_>>()
        };
        let first = faults(b"a b");
        assert_eq!(first.len(), 1);
        assert_ne!(faults(b"a c"), first);
        assert_eq!(faults(b"a"), [""; 0]);
    }
}
