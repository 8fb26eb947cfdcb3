//! The grammar of host names, and of the names that `domain` matches.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Reads a host name or an IPv4 address into lower case. International names are translated for DNS (IDNA)
/// when the program starts, and judged then.
pub(crate) fn host_name(text: &str) -> Result<String, String> {
    let bad = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !"-._".contains(c);
    if let Some(bad) = text.chars().find(|c| bad(*c) || c.is_control()) {
        return Err(if bad.is_control() {
            "a host name cannot hold control characters".into()
        } else {
            format!("a host name cannot hold `{bad}`")
        });
    }
    // One dot at the end makes a name absolute.
    let labels = text.strip_suffix('.').unwrap_or(text);
    if labels.is_empty() {
        return Err("a host name cannot be empty".into());
    }
    if labels.split('.').any(str::is_empty) {
        return Err(format!(
            "`{text}` has an empty label (two dots, or one at its begin)"
        ));
    }
    let name = text.to_lowercase();
    if !text.is_ascii() {
        return Ok(name);
    }
    if labels.len() > 253 || labels.split('.').any(|label| label.len() > 63) {
        return Err("a host name has at most 253 letters, and 63 between two dots".into());
    }
    // URL parsers read a name that ends in a number as an address, and refuse or reshape all others.
    if numeric(labels.rsplit('.').next().unwrap_or(labels)) && text.parse::<Ipv4Addr>().is_err() {
        return Err(format!("`{text}` is not an IPv4 address"));
    }
    Ok(name)
}

fn numeric(label: &str) -> bool {
    let hex = label
        .strip_prefix("0x")
        .or_else(|| label.strip_prefix("0X"));
    label.bytes().all(|byte| byte.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Reads one value of `domain`, `NAME` or `*.NAME`, into lower case.
pub(crate) fn pattern(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("a domain cannot be empty; leave `domain` out to match any host".into());
    }
    if text == "*" {
        return Err("to match any host, leave `domain` out".into());
    }
    if text.contains(char::is_whitespace) {
        return Err("a domain has no whitespace".into());
    }
    if text.contains("://") {
        return Err("a domain has no scheme; it is matched against the request's host".into());
    }
    if text.contains(['/', '?', '#']) {
        return Err("a domain is a host name only; the path is matched by `path`".into());
    }
    if let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return match inner.parse::<Ipv6Addr>() {
            Ok(address) => Ok(format!("[{address}]")),
            Err(_) => Err(format!("`{inner}` is not an IPv6 address")),
        };
    }
    if text.contains(':') {
        return Err("a domain has no port; a request to any port matches".into());
    }
    let (prefix, name) = match text.strip_prefix("*.") {
        Some(name) => ("*.", name),
        None => ("", text),
    };
    if name.contains('*') {
        return Err("a wildcard is the whole first label, as in `*.example.com`".into());
    }
    let name = host_name(name)?;
    Ok(format!(
        "{prefix}{}",
        name.strip_suffix('.').unwrap_or(&name)
    ))
}
