//! The grammar of endpoints in `hosts`: `[http://|https://]HOST[:PORT]`, and at most a lone `/` behind it.
//!
//! At run time a URL parser reads them. This grammar is narrower, so that what compiles also starts
//! (international names aside, which only the URL parser can judge).

use crate::domain::host_name;
use std::net::Ipv6Addr;

/// The endpoint in the one way in which all its spellings agree, or what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("an endpoint cannot be empty".into());
    }
    if text.contains(char::is_whitespace) {
        return Err("an endpoint has no whitespace".into());
    }
    if text.contains(',') {
        return Err("one endpoint a string; put each of these into its own".into());
    }
    let (scheme, rest) = scheme(text)?;
    let authority = authority(rest)?;
    let (host, port) = split_port(authority)?;
    let host = match host.strip_prefix('[') {
        Some(inner) => ipv6(inner.strip_suffix(']').unwrap_or(inner))?,
        None => host_name(host)?,
    };
    let port = match port {
        Some(port) => number(port)?,
        None if scheme == "https" => 443,
        None => 80,
    };
    Ok(format!("{scheme}://{host}:{port}"))
}

fn scheme(text: &str) -> Result<(&'static str, &str), String> {
    // Not a URL parser: to one, `b3:8080` has the scheme `b3`.
    let Some((scheme, rest)) = text.split_once("://") else {
        let slip = text.to_ascii_lowercase();
        for known in ["http", "https"] {
            if let Some(rest) = slip.strip_prefix(&format!("{known}:")) {
                let rest = rest.trim_start_matches('/');
                return Err(format!("a scheme ends in `://`: write `{known}://{rest}`"));
            }
        }
        return Ok(("http", text));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Ok(("http", rest)),
        "https" => Ok(("https", rest)),
        "" => Err("a scheme is missing before `://`; write `http://` or `https://`".into()),
        "ws" => Err("the scheme is `http` or `https`; WebSockets pass through `http`".into()),
        "wss" => Err("the scheme is `http` or `https`; WebSockets pass through `https`".into()),
        _ => Err(format!("the scheme is `http` or `https`, not `{scheme}`")),
    }
}

/// What stands before a path, query or fragment, which an endpoint does not have.
fn authority(rest: &str) -> Result<&str, String> {
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if let Some(at) = rest.find(['/', '?', '#']) {
        let behind = &rest[at..];
        return Err(match &behind[..1] {
            "/" => {
                format!("an endpoint has no path (`{behind}`); use `rewrite_uri` or `prefix_path`")
            }
            "?" => format!("an endpoint has no query (`{behind}`); use `append_query`"),
            _ => format!("an endpoint has no fragment (`{behind}`)"),
        });
    }
    if rest.contains('@') {
        return Err("an endpoint has no user or password; set an `Authorization` header".into());
    }
    if rest.is_empty() {
        return Err("an endpoint needs a host behind its scheme".into());
    }
    Ok(rest)
}

/// Takes a port off the end; an IPv6 address keeps its brackets.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    if authority.starts_with('[') {
        let Some(end) = authority.find(']') else {
            return Err("the `[` of an IPv6 address is not closed".into());
        };
        let (host, behind) = authority.split_at(end + 1);
        return match behind.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if behind.is_empty() => Ok((host, None)),
            None => Err(format!("`{behind}` behind an IPv6 address is not a port")),
        };
    }
    let Some((host, port)) = authority.split_once(':') else {
        return Ok((authority, None));
    };
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Err(format!(
            "an IPv6 address stands in brackets: `[{authority}]`"
        ));
    }
    if port.contains(':') {
        return Err(
            "a host and a port are parted by one `:`; an IPv6 address stands in brackets".into(),
        );
    }
    if host.is_empty() {
        return Err("an endpoint needs a host before its port".into());
    }
    Ok((host, Some(port)))
}

fn ipv6(inner: &str) -> Result<String, String> {
    if inner.contains('%') {
        return Err(format!("an IPv6 zone (`{inner}`) cannot stand in a URL"));
    }
    match inner.parse::<Ipv6Addr>() {
        Ok(address) => Ok(format!("[{address}]")),
        Err(_) => Err(format!("`{inner}` is not an IPv6 address")),
    }
}

fn number(port: &str) -> Result<u16, String> {
    if port.is_empty() {
        return Err("a port is missing behind the `:`".into());
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("the port `{port}` is not a number"));
    }
    match port.parse() {
        Ok(0) => Err("a request cannot be sent to port 0".into()),
        Ok(port) => Ok(port),
        Err(_) => Err(format!("the port `{port}` is above 65535")),
    }
}
