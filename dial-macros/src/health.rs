//! `health(..)`: what the endpoints of an upstream are asked, and which of that makes no sense together.

use crate::args::Args;
use crate::faults::{Checked, Faults};
use crate::hosts;
use crate::keys::{Keys, Row, alone, value};
use crate::model::{Health, HttpCheck};
use crate::path;
use crate::statuses::statuses;
use crate::tuning::UpstreamKeys;
use crate::validate::{method, optional, proxy_protocol};
use crate::values::{
    HOUR, MS, duration_within, literal, percentage, string, string_literal, whole,
};
use syn::{Expr, Ident, Lit, LitStr};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HealthKey {
    Path,
    Tcp,
    Method,
    HostHeader,
    Statuses,
    Contains,
    Port,
    Interval,
    Jitter,
    Timeout,
    Rise,
    Fall,
    ProxyProtocol,
}

#[rustfmt::skip] // one key a line
impl Keys for HealthKey {
    const TABLE: &'static [Row<Self>] = &[
        value(HealthKey::Path, "path", r#"path = "/healthz""#, &["uri", "url", "http", "endpoint"]),
        alone(HealthKey::Tcp, "tcp", &["connect"]),
        value(HealthKey::Method, "method", "method = HEAD", &["verb", "methods"]),
        value(HealthKey::HostHeader, "host_header", r#"host_header = "example.com""#, &["host", "hostname"]),
        value(HealthKey::Statuses, "statuses", "statuses = 200..=299", &["status", "expect", "expected", "codes", "expected_statuses"]),
        value(HealthKey::Contains, "contains", r#"contains = "ok""#, &["body", "match", "expect_body", "text"]),
        value(HealthKey::Port, "port", "port = 8081", &[]),
        value(HealthKey::Interval, "interval", "interval = 5s", &["every", "period", "inter"]),
        value(HealthKey::Jitter, "jitter", "jitter = 0.1", &[]),
        value(HealthKey::Timeout, "timeout", "timeout = 2s", &["deadline"]),
        value(HealthKey::Rise, "rise", "rise = 2", &["healthy_threshold", "passes", "successes", "health_threshold"]),
        value(HealthKey::Fall, "fall", "fall = 3", &["unhealthy_threshold", "fails", "failures", "max_fails"]),
        value(HealthKey::ProxyProtocol, "proxy_protocol", "proxy_protocol = v1", &["send_proxy", "send_proxy_protocol"]),
    ];
    const OWNER: &'static str = " of `health`";
    const BARE: Option<Self> = Some(HealthKey::Path);
}

type HealthArgs = Args<HealthKey>;

/// The same at run time.
const MAX_CONTAINS: usize = 4 * 1024;
const MAX_JITTER: f64 = 0.5;
const THRESHOLD: std::ops::RangeInclusive<u64> = 1..=1000;

pub(crate) fn check<K: UpstreamKeys>(
    args: &Args<K>,
    faults: &mut Faults,
) -> Checked<Option<Health>> {
    let Some((name, tokens)) = args.list(K::HEALTH)? else {
        return Ok(None);
    };
    let args = HealthArgs::parse(tokens.clone(), faults);
    let target = target(name, &args, faults);
    let http = http(&args, faults);
    let health = probes(&args, faults);
    target?;
    Ok(Some(Health {
        http: http?,
        ..health?
    }))
}

/// Either a path or a connection is asked for.
fn target(name: &Ident, args: &HealthArgs, faults: &mut Faults) -> Checked<()> {
    const HTTP: [HealthKey; 5] = [
        HealthKey::Path,
        HealthKey::Method,
        HealthKey::HostHeader,
        HealthKey::Statuses,
        HealthKey::Contains,
    ];
    if args.get(HealthKey::Tcp).is_none() {
        if args.get(HealthKey::Path).is_some() {
            return Ok(());
        }
        if let Some(reported) = args.faulty() {
            return Err(reported);
        }
        let message = "`health` asks for nothing: name a path, as in `health(\"/healthz\")`, or write `health(tcp)` if a \
                       connection is enough";
        return Err(faults.at(name, message));
    }
    let mut sound = Ok(());
    for item in args.any_of(&HTTP) {
        let name = &item.name;
        let message = format!("`tcp` sends nothing, so there is no `{name}`; keep one of them");
        sound = Err(faults.at(name, message));
    }
    sound
}

/// What is asked over HTTP; `None` without a path.
fn http(args: &HealthArgs, faults: &mut Faults) -> Checked<Option<HttpCheck>> {
    let path = optional(args, HealthKey::Path, |expr| {
        let literal = string(expr, "path", faults)?;
        match path::target(&literal.value()) {
            Ok(()) => Ok(literal),
            Err(fault) => Err(faults.at(literal, fault)),
        }
    });
    let method = optional(args, HealthKey::Method, |expr| {
        let read = method(expr).and_then(|method| match method.as_str() {
            "CONNECT" => Err("`CONNECT` asks for a tunnel, not for health".to_owned()),
            _ => Ok(method),
        });
        read.map_err(|fault| faults.at(expr, fault))
    });
    let host_header = optional(args, HealthKey::HostHeader, |expr| host(expr, faults));
    let expected = optional(args, HealthKey::Statuses, |expr| {
        let read = statuses(expr, "statuses", &(200..=599), faults)?;
        match read.is_empty() {
            true => Err(faults.at(expr, "`statuses` is empty, so no answer would be health")),
            false => Ok(read),
        }
    });
    let contains = optional(args, HealthKey::Contains, |expr| contains(expr, faults));
    let method = method?;
    let contains = contains?;
    if let (Some("HEAD"), Some(item)) = (method.as_deref(), args.get(HealthKey::Contains)) {
        let message = "a response to `HEAD` has no body that could contain anything";
        return Err(faults.at(&item.name, message));
    }
    let (host_header, statuses) = (host_header?, expected?);
    Ok(path?.map(|path| HttpCheck {
        path,
        method,
        host_header,
        statuses,
        contains,
    }))
}

/// When hosts are asked, and what follows from it.
fn probes(args: &HealthArgs, faults: &mut Faults) -> Checked<Health> {
    let port = optional(args, HealthKey::Port, |expr| {
        whole(expr, "port", 1..=65_535, faults)
    });
    let interval = optional(args, HealthKey::Interval, |expr| {
        duration_within(expr, "interval", (10, "10ms"), HOUR, faults)
    });
    let jitter = optional(args, HealthKey::Jitter, |expr| jitter(expr, faults));
    let timeout = optional(args, HealthKey::Timeout, |expr| {
        duration_within(expr, "timeout", MS, HOUR, faults)
    });
    let rise = optional(args, HealthKey::Rise, |expr| {
        whole(expr, "rise", THRESHOLD, faults)
    });
    let fall = optional(args, HealthKey::Fall, |expr| {
        whole(expr, "fall", THRESHOLD, faults)
    });
    let proxy_protocol = optional(args, HealthKey::ProxyProtocol, |expr| {
        proxy_protocol(expr, faults)
    });
    Ok(Health {
        http: None,
        port: port?,
        proxy_protocol: proxy_protocol?,
        interval: interval?,
        jitter: jitter?,
        timeout: timeout?,
        rise: rise?,
        fall: fall?,
    })
}

/// A name, or a name and a port.
fn host(expr: &Expr, faults: &mut Faults) -> Checked<LitStr> {
    let literal = string(expr, "host_header", faults)?;
    let text = literal.value();
    let fault = if text.contains('/') {
        "a host, and maybe a port, is all that `Host` says".to_owned()
    } else if !text.is_ascii() {
        "`Host` is ASCII; write an international name as it is resolved, `xn--..`".to_owned()
    } else {
        match hosts::parse(&text) {
            Ok(_) => return Ok(literal),
            Err(fault) => format!("`Host` cannot say this: {fault}"),
        }
    };
    Err(faults.at(literal, fault))
}

/// A string or a byte string.
fn contains(expr: &Expr, faults: &mut Faults) -> Checked<Lit> {
    let found = literal(expr).and_then(|lit| match lit {
        Lit::Str(text) => Some((lit, text.value().len())),
        Lit::ByteStr(bytes) => Some((lit, bytes.value().len())),
        _ => None,
    });
    match found {
        Some((lit, 1..=MAX_CONTAINS)) => Ok(lit.clone()),
        Some((_, 0)) => Err(faults.at(expr, "every body contains nothing; leave `contains` out")),
        Some(_) => Err(faults.at(expr, "`contains` is at most 4 KiB")),
        None => Err(faults.at(expr, "`contains` must be a string, or a byte string")),
    }
}

/// `0.1`, or `10%`.
fn jitter(expr: &Expr, faults: &mut Faults) -> Checked<f64> {
    let part = match literal(expr) {
        Some(Lit::Float(float)) if float.suffix().is_empty() => float.base10_parse().ok(),
        Some(Lit::Int(int)) if int.suffix().is_empty() => int.base10_parse().ok(),
        _ if string_literal(expr).is_some() => {
            let percent = percentage(expr, "jitter", faults)?;
            u32::try_from(percent)
                .ok()
                .map(|percent| f64::from(percent) / 100.0)
        }
        _ => None,
    };
    match part.filter(|part| (0.0..=MAX_JITTER).contains(part)) {
        Some(part) => Ok(part),
        None => Err(faults.at(
            expr,
            "`jitter` is the part of an interval by which it varies, from 0 to 0.5",
        )),
    }
}
