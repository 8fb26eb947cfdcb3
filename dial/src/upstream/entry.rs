//! Hosts as text, for sources that are text: a file, the values of a key-value store.
//!
//! ```text
//! list  := line*                        one entry a line; `#` and what follows it is a comment
//! entry := host ( SP attribute )*
//! attribute := "weight=" 1..1000 | "backup" | "authority=" host [ ":" port ]
//! ```

use std::str::FromStr;

use super::address::Address;
use super::hosts::HostEntry;
use crate::error::Error;

/// Reads `http://10.0.0.1:8080 weight=3 backup`: a host, and behind white space, in any order and each once at the most,
/// its [weight](Self::weight), whether it is a [backup](Self::backup), and what it is called (`authority=api.internal`; see
/// [`authority`](Self::authority)).
///
/// ```
/// use dial::HostEntry;
///
/// let entry: HostEntry = "http://10.0.0.1:8080 weight=3 backup".parse()?;
/// assert_eq!(entry, HostEntry::new("http://10.0.0.1:8080").weight(3).backup());
/// # Ok::<(), dial::Error>(())
/// ```
impl FromStr for HostEntry {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = text.split_ascii_whitespace();
        let mut entry = Self::new(words.next().unwrap_or_default());
        let address = Address::parse(&entry.host)?;
        let mut weight = None;
        for word in words {
            let told_before = match word.split_once('=') {
                None if word == "backup" => std::mem::replace(&mut entry.backup, true),
                Some(("weight", number)) => weight.replace(parse_weight(number)?).is_some(),
                Some(("authority", name)) => entry.authority.replace(name.to_owned()).is_some(),
                _ => {
                    let what = "is none of `weight=N`, `backup` and `authority=NAME`";
                    return Err(Error::config(format!("{word:?} {what}")));
                }
            };
            if told_before {
                return Err(Error::config(format!("{word:?} is said twice")));
            }
        }
        entry.weight = weight.unwrap_or(entry.weight);
        super::control::check(&entry, &address)?;
        Ok(entry)
    }
}

fn parse_weight(text: &str) -> Result<u32, Error> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(weight) if digits => Ok(weight),
        _ => Err(Error::config(format!("{text:?} is not a weight"))),
    }
}

impl HostEntry {
    /// Reads a list: an entry a line, as [`from_str`](Self::from_str) reads it. What follows a `#` is a comment; a line
    /// without an entry is skipped.
    ///
    /// ```
    /// use dial::HostEntry;
    ///
    /// let list = "# two of them\nhttp://10.0.0.1:8080 weight=3\n10.0.0.2:8080  # the old one\n";
    /// let hosts = HostEntry::parse_list(list)?;
    /// assert_eq!(hosts, [HostEntry::new("http://10.0.0.1:8080").weight(3), HostEntry::new("10.0.0.2:8080")]);
    /// # Ok::<(), dial::Error>(())
    /// ```
    ///
    /// # Errors
    /// An [`ErrorKind::Config`](crate::ErrorKind::Config) that names the line.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, Error> {
        let lines = text.lines().enumerate().filter_map(|(number, line)| {
            let line = line
                .split_once('#')
                .map_or(line, |(entry, _)| entry)
                .trim_ascii();
            let named = |error: Error| error.within(format_args!("line {}", number + 1));
            (!line.is_empty()).then(|| line.parse().map_err(named))
        });
        lines.collect()
    }
}

/// The entries without those that are at an address of one before them: two keys, or two names, may well mean the same
/// host.
#[cfg(any(feature = "dns", feature = "etcd"))]
pub(crate) fn distinct(mut entries: Vec<HostEntry>) -> Vec<HostEntry> {
    let mut known = std::collections::HashSet::new();
    // What is no address is left for others to complain about.
    entries.retain(|entry| Address::parse(&entry.host).map_or(true, |at| known.insert(at)));
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_host_and_its_attributes() {
        for (text, entry) in [
            ("a", HostEntry::new("a")),
            ("  https://a:1 \t", HostEntry::new("https://a:1")),
            ("[::1]:80 backup", HostEntry::new("[::1]:80").backup()),
            ("a weight=1000", HostEntry::new("a").weight(1000)),
            ("a backup\tweight=3", HostEntry::new("a").weight(3).backup()),
            ("a weight=3  backup", HostEntry::new("a").weight(3).backup()),
            (
                "10.0.0.1 authority=a:8080 backup",
                HostEntry::new("10.0.0.1").backup().authority("a:8080"),
            ),
        ] {
            assert_eq!(text.parse::<HostEntry>().unwrap(), entry, "{text}");
        }
    }

    #[test]
    fn what_is_no_entry_is_told() {
        for (text, message) in [
            ("", "\"\": a host is empty"),
            ("weight=3", "\"weight=3\": `=` has no place in a host name"),
            (
                "a b",
                "\"b\" is none of `weight=N`, `backup` and `authority=NAME`",
            ),
            (
                "a Backup",
                "\"Backup\" is none of `weight=N`, `backup` and `authority=NAME`",
            ),
            (
                "a backup=1",
                "\"backup=1\" is none of `weight=N`, `backup` and `authority=NAME`",
            ),
            (
                "a weight",
                "\"weight\" is none of `weight=N`, `backup` and `authority=NAME`",
            ),
            ("a weight=", "\"\" is not a weight"),
            ("a weight=+3", "\"+3\" is not a weight"),
            ("a weight=-3", "\"-3\" is not a weight"),
            ("a weight=99999999999", "\"99999999999\" is not a weight"),
            (
                "a weight=0",
                "\"a\": a weight of 0 is no weight; drain the host instead",
            ),
            ("a weight=1001", "\"a\": the weight 1001 is more than 1000"),
            ("a backup backup", "\"backup\" is said twice"),
            ("a authority=b authority=b", "\"authority=b\" is said twice"),
            (
                "https://a authority=",
                "\"https://\": the host name is missing",
            ),
            (
                "a authority=b/c",
                "\"http://b/c\": a host ends after its port, this has `/c`; paths and queries are set in the handler",
            ),
            ("a weight=2 weight=2", "\"weight=2\" is said twice"),
            (
                "http://a/b",
                "\"http://a/b\": a host ends after its port, this has `/b`; paths and queries are set in the handler",
            ),
        ] {
            let error = text.parse::<HostEntry>().unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn a_list_has_an_entry_a_line() {
        let parse = |text| HostEntry::parse_list(text);
        assert_eq!(parse("").unwrap(), []);
        assert_eq!(parse("# nobody\n\n   \n").unwrap(), []);
        let three = "a\r\n#b\n c weight=2 # the large one\n\nd#e";
        assert_eq!(
            parse(three).unwrap(),
            [
                HostEntry::new("a"),
                HostEntry::new("c").weight(2),
                HostEntry::new("d")
            ]
        );
        assert_eq!(
            parse("a\n\nb c").unwrap_err().to_string(),
            "line 3: \"c\" is none of `weight=N`, `backup` and `authority=NAME`"
        );
    }

    #[cfg(any(feature = "dns", feature = "etcd"))]
    #[test]
    fn of_two_at_one_address_the_first_stays() {
        let host = HostEntry::new;
        let entries = [
            host("a").weight(2),
            host("b"),
            host("http://A:80"),
            host("https://a"),
            host("?"),
            host("?"),
        ];
        let [first, second, _, other, bad, again] = entries.clone();
        assert_eq!(
            distinct(entries.to_vec()),
            [first, second, other, bad, again]
        );
    }

    proptest::proptest! {
        /// Whatever a file has in it, and what was understood says the same when it is written down again.
        #[test]
        fn any_text_is_a_list_or_an_error(text in "[ab:1/.#= \\n\\t\\PC]{0,40}|(a|b|weight=[0-9]{1,4}|backup|authority=[a:1]{1,3}|#|[ \n]){0,12}") {
            if let Ok(entries) = HostEntry::parse_list(&text) {
                let lines = entries.iter().map(|entry| {
                    let backup = if entry.backup { " backup" } else { "" };
                    let name = entry.authority.iter().map(|name| format!(" authority={name}"));
                    let name = name.collect::<String>();
                    format!("{} weight={}{backup}{name}\n", entry.host, entry.weight)
                });
                let again = HostEntry::parse_list(&lines.collect::<String>());
                proptest::prop_assert_eq!(again.unwrap(), entries);
            }
        }
    }
}
