//! What stands behind the gateway's flags.

use std::time::Duration;

use dial::{HashOn, Policy};

pub(crate) fn policy(text: &str) -> Result<Policy, String> {
    let on = match text.split(':').collect::<Vec<_>>()[..] {
        ["round_robin"] => return Ok(Policy::round_robin()),
        ["least_request"] => return Ok(Policy::least_request()),
        ["peak_ewma"] => return Ok(Policy::peak_ewma()),
        ["random"] => return Ok(Policy::random()),
        ["consistent_hash", "client_ip"] => HashOn::ClientIp,
        // The name of the parameter in the path that all requests match.
        ["consistent_hash", "path"] => HashOn::param("path"),
        ["consistent_hash", "header", name] => {
            HashOn::header(name).map_err(|error| error.to_string())?
        }
        ["consistent_hash", "cookie", name] => HashOn::cookie(name),
        _ => return Err(format!("unknown policy `{text}`")),
    };
    Ok(Policy::consistent_hash(on))
}

/// Where hosts are learnt.
#[derive(Debug, PartialEq)]
pub(crate) enum Source {
    Dns(String),
    Service(String),
    Etcd(Vec<String>, String),
    File(String),
}

impl Source {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let source = match text.split_once(':') {
            Some(("dns", host)) => Some(Self::Dns(host.to_owned())),
            Some(("srv", name)) => Some(Self::Service(name.to_owned())),
            Some(("file", path)) => Some(Self::File(path.to_owned())),
            Some(("etcd", rest)) => {
                // Behind the slashes of the schemes that endpoints may have.
                let schemes = rest.rfind("://").map_or(0, |at| at + "://".len());
                let slash = rest[schemes..].split_once('/');
                slash.map(|(last, prefix)| {
                    let endpoints = format!("{}{last}", &rest[..schemes]);
                    Self::Etcd(list(&endpoints), prefix.to_owned())
                })
            }
            _ => None,
        };
        source.ok_or(format!(
            "bad source `{text}`; it is like dns:NAME:PORT, srv:NAME, etcd:ENDPOINTS/PREFIX or file:PATH"
        ))
    }
}

pub(crate) fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).map(str::to_owned).collect()
}

pub(crate) fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("bad number `{text}`"))
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let millis = quantity(text, &[("ms", 1), ("s", 1_000), ("m", 60_000)]);
    let millis = millis.ok_or(format!("bad duration `{text}`; it is like 500ms, 5s or 2m"))?;
    Ok(Duration::from_millis(millis))
}

/// In bytes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    quantity(text, &[("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20)])
        .ok_or(format!("bad size `{text}`; it is like 123, 64KiB or 1MiB"))
}

/// A whole number and its unit. Zero is none: it would refuse everything.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let total = number.parse::<u64>().ok()?.checked_mul(*factor)?;
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        for (text, millis) in [("500ms", 500), ("5s", 5_000), ("2m", 120_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)));
        }
        for (text, bytes) in [("123", 123), ("64KiB", 65_536), ("1MiB", 1_048_576)] {
            assert_eq!(size(text), Ok(bytes));
        }
        for bad in [
            "",
            "0",
            "5x",
            "-5s",
            "+5s",
            "1.5s",
            "5 s",
            "s",
            "MiB",
            "1KB",
            "ü",
            "18446744073709551615m",
            "99999999999999999999MiB",
        ] {
            assert!(duration(bad).is_err() && size(bad).is_err(), "{bad}");
        }
        assert!(duration("5").is_err() && duration("0ms").is_err() && size("0KiB").is_err());
    }

    #[test]
    fn sources() {
        let text = |text: &str| text.to_owned();
        let etcd = |members: &[&str], prefix| {
            Source::Etcd(
                members.iter().map(|member| text(member)).collect(),
                text(prefix),
            )
        };
        for (given, source) in [
            (
                "dns:api.internal:8080",
                Source::Dns(text("api.internal:8080")),
            ),
            (
                "srv:_http._tcp.api",
                Source::Service(text("_http._tcp.api")),
            ),
            ("file:/etc/a:b", Source::File(text("/etc/a:b"))),
            ("etcd:a:2379/x", etcd(&["a:2379"], "x")),
            ("etcd:a:2379,b:1//x/y/", etcd(&["a:2379", "b:1"], "/x/y/")),
            (
                "etcd:https://a,http://b//x/",
                etcd(&["https://a", "http://b"], "/x/"),
            ),
        ] {
            assert_eq!(Source::parse(given), Ok(source));
        }
        for bad in ["", "a", "http://a", "zk:a/b", "etcd:http://a"] {
            assert!(Source::parse(bad).is_err(), "{bad}");
        }
    }
}
