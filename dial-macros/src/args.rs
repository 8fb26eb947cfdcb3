//! Reads the attribute's arguments. What a value means is not decided here: it keeps its tokens.

use crate::faults::{Checked, Faults, Reported, listing, nearest};
use proc_macro2::{Group, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, LitStr, Token, token};

/// A set of keys, with the table that describes them.
pub(crate) trait Keys: Copy + Eq + 'static {
    const TABLE: &'static [Row<Self>];
    /// What the keys belong to, as messages say it; nothing at the top.
    const OWNER: &'static str;
    /// The key that a bare first string stands for.
    const BARE: Option<Self>;
}

/// One key. A new key is a variant, a row here, and its check in `validate.rs`.
pub(crate) struct Row<K> {
    pub(crate) key: K,
    pub(crate) name: &'static str,
    shape: Shape,
    /// Shown whenever the key was used in another way.
    pub(crate) example: &'static str,
    /// What other tools call it.
    also: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `key = VALUE`
    Value,
    /// `key(..)`
    List,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RouteKey {
    Path,
    Domain,
    Methods,
    Hosts,
    HostsEnv,
    Upstream,
    Balance,
    SlowStart,
    HostHeader,
    Forwarded,
    Upgrade,
    ProxyProtocol,
    Timeout,
    Retry,
    BodyLimit,
    OnResponse,
    OnError,
    Name,
    Register,
    Crate,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RetryKey {
    Attempts,
    On,
    Idempotent,
    Buffer,
    Backoff,
    PerTry,
    Wait,
    Budget,
    MinPerSecond,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeoutKey {
    Connect,
    Response,
    Body,
    Total,
    Expect,
}

/// What other tools call the keys of an upstream.
pub(crate) const BALANCE_ALSO: &[&str] =
    &["lb", "policy", "load_balancing", "algorithm", "lb_policy"];
pub(crate) const SLOW_START_ALSO: &[&str] = &["slowstart", "warmup", "warm_up"];

pub(crate) const fn value<K>(
    key: K,
    name: &'static str,
    example: &'static str,
    also: &'static [&'static str],
) -> Row<K> {
    Row {
        key,
        name,
        shape: Shape::Value,
        example,
        also,
    }
}

#[rustfmt::skip] // one key a line
impl Keys for RouteKey {
    const TABLE: &'static [Row<Self>] = &[
        value(RouteKey::Path, "path", r#"path = "/api/{id}""#, &["route", "uri", "url", "prefix"]),
        value(RouteKey::Domain, "domain", r#"domain = "example.com""#, &["server_name", "vhost", "virtual_host"]),
        value(RouteKey::Methods, "methods", "methods = [GET, POST]", &["verb", "verbs"]),
        value(RouteKey::Hosts, "hosts", r#"hosts = ["http://backend:8080"]"#,
            &["backend", "backends", "endpoint", "endpoints", "server", "servers", "target", "targets", "to"]),
        value(RouteKey::HostsEnv, "hosts_env", r#"hosts_env = "BACKENDS""#, &["env"]),
        value(RouteKey::Upstream, "upstream", "upstream = shared()", &["pool", "cluster"]),
        value(RouteKey::Balance, "balance", "balance = least_request", BALANCE_ALSO),
        value(RouteKey::SlowStart, "slow_start", "slow_start = 30s", SLOW_START_ALSO),
        value(RouteKey::HostHeader, "host_header", "host_header = preserve", &["preserve_host"]),
        value(RouteKey::Forwarded, "forwarded", "forwarded = both", &["x_forwarded", "forward", "forwarding"]),
        value(RouteKey::Upgrade, "upgrade", "upgrade = false", &["upgrades", "websocket", "websockets", "ws"]),
        value(RouteKey::ProxyProtocol, "proxy_protocol", "proxy_protocol = v2", &["send_proxy", "send_proxy_protocol"]),
        Row { shape: Shape::List, ..value(RouteKey::Timeout, "timeout", "timeout(connect = 5s, response = 30s)", &[]) },
        Row { shape: Shape::List, ..value(RouteKey::Retry, "retry", "retry(attempts = 3, on = [connect, reset, 5xx])", &["retries", "next_upstream"]) },
        value(RouteKey::BodyLimit, "body_limit", "body_limit = 1MiB", &["limit", "max_body", "max_body_size"]),
        value(RouteKey::OnResponse, "on_response", "on_response = edit_response", &["modify_response", "response"]),
        value(RouteKey::OnError, "on_error", "on_error = edit_error", &["error", "error_handler"]),
        value(RouteKey::Name, "name", r#"name = "api""#, &["id"]),
        value(RouteKey::Register, "register", "register = false", &["registered"]),
        value(RouteKey::Crate, "crate", "crate = ::dial", &["krate"]),
    ];
    const OWNER: &'static str = "";
    const BARE: Option<Self> = Some(RouteKey::Path);
}

#[rustfmt::skip] // one key a line
impl Keys for RetryKey {
    const TABLE: &'static [Row<Self>] = &[
        value(RetryKey::Attempts, "attempts", "attempts = 3", &["tries", "num_retries", "max", "retries", "count"]),
        value(RetryKey::On, "on", "on = [connect, reset, 5xx]", &["conditions", "retry_on", "when"]),
        value(RetryKey::Idempotent, "idempotent", "idempotent = true", &["non_idempotent", "any_method", "methods"]),
        value(RetryKey::Buffer, "buffer", "buffer = 64KiB", &["body", "max_body", "replay"]),
        value(RetryKey::Backoff, "backoff", "backoff = 25ms", &["delay", "interval", "pause"]),
        value(RetryKey::PerTry, "per_try", "per_try = 2s", &["timeout", "try_timeout", "per_try_timeout"]),
        value(RetryKey::Wait, "wait", "wait = 3s", &["queue", "max_wait"]),
        value(RetryKey::Budget, "budget", "budget = 20%", &["percent", "share"]),
        value(RetryKey::MinPerSecond, "min_per_second", "min_per_second = 10", &["min", "minimum", "min_per_sec"]),
    ];
    const OWNER: &'static str = " of `retry`";
    const BARE: Option<Self> = None;
}

#[rustfmt::skip] // one key a line
impl Keys for TimeoutKey {
    const TABLE: &'static [Row<Self>] = &[
        value(TimeoutKey::Connect, "connect", "connect = 5s", &["connection"]),
        value(TimeoutKey::Response, "response", "response = 30s", &["read", "header", "headers"]),
        value(TimeoutKey::Body, "body", "body = 1m", &["stream", "stall"]),
        value(TimeoutKey::Total, "total", "total = 2m", &["request", "overall", "deadline"]),
        value(TimeoutKey::Expect, "expect", "expect = 1s", &["continue", "expect_continue"]),
    ];
    const OWNER: &'static str = " of `timeout`";
    const BARE: Option<Self> = None;
}

/// The arguments that could be read, in order, each key at most once.
pub(crate) struct Args<K> {
    items: Vec<Item<K>>,
    /// Keys that were evidently meant, in arguments that could not be read.
    broken: Vec<(K, Reported)>,
}

/// One argument.
pub(crate) struct Item<K> {
    pub(crate) key: K,
    /// The key as written; for a bare string it lies on the string.
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// What stands behind a key.
pub(crate) enum Value {
    /// `= EXPR`
    Expr(Expr),
    /// `(..)`, unread
    List(TokenStream),
}

impl<K: Keys> Args<K> {
    /// Reads all of `tokens`: after a fault, reading goes on at the next argument.
    pub(crate) fn parse(tokens: TokenStream, faults: &mut Faults) -> Self {
        let mut args = Args {
            items: Vec::new(),
            broken: Vec::new(),
        };
        let reader = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if args.item(input, faults).is_err() {
                    skip(input);
                }
                separator(input, faults);
            }
            Ok(())
        };
        if let Err(error) = reader.parse2(tokens) {
            faults.at_span(error.span(), error);
        }
        args
    }

    /// Whether `key` is absent only because its argument was faulty.
    pub(crate) fn broken(&self, key: K) -> Option<Reported> {
        let (_, reported) = self.broken.iter().find(|(broken, _)| *broken == key)?;
        Some(*reported)
    }

    pub(crate) fn get(&self, key: K) -> Option<&Item<K>> {
        self.items.iter().find(|item| item.key == key)
    }

    /// Those of `keys` that were given, in the order in which they were written.
    pub(crate) fn any_of(&self, keys: &[K]) -> Vec<&Item<K>> {
        self.items
            .iter()
            .filter(|item| keys.contains(&item.key))
            .collect()
    }

    /// The expression behind `key`.
    pub(crate) fn expr(&self, key: K) -> Option<&Expr> {
        match &self.get(key)?.value {
            Value::Expr(expr) => Some(expr),
            Value::List(_) => None,
        }
    }

    /// The tokens between the parentheses of `key`.
    pub(crate) fn list(&self, key: K) -> Option<(&Ident, &TokenStream)> {
        let item = self.get(key)?;
        match &item.value {
            Value::Expr(_) => None,
            Value::List(tokens) => Some((&item.name, tokens)),
        }
    }

    fn item(&mut self, input: ParseStream<'_>, faults: &mut Faults) -> Checked<()> {
        if input.peek(LitStr) {
            return self.bare(input, faults);
        }
        if !input.peek(Ident::peek_any) {
            let example = K::TABLE[0].example;
            return Err(faults.at_span(
                input.span(),
                format!("expected a key{}, as in `{example}`", K::OWNER),
            ));
        }
        let name = input
            .call(Ident::parse_any)
            .map_err(|error| faults.at_span(error.span(), error))?;
        let text = name.unraw().to_string();
        let Some(row) = row::<K>(&text) else {
            // Its value goes unread, so that one slip is one error.
            let meant = meant::<K>(&text);
            let reported = faults.at(&name, unknown(&text, meant));
            self.broken.extend(meant.map(|row| (row.key, reported)));
            return Err(reported);
        };
        let value = value_of(&name, row, input, faults)
            .inspect_err(|reported| self.broken.push((row.key, *reported)))?;
        self.push(
            Item {
                key: row.key,
                name,
                value,
            },
            faults,
        )
    }

    /// A bare string: the path, when it comes first.
    fn bare(&mut self, input: ParseStream<'_>, faults: &mut Faults) -> Checked<()> {
        let value: Expr = input
            .parse()
            .map_err(|error| faults.at_span(error.span(), error))?;
        match K::BARE {
            Some(key) if self.items.is_empty() => {
                let name = Ident::new("path", value.span());
                self.push(
                    Item {
                        key,
                        name,
                        value: Value::Expr(value),
                    },
                    faults,
                )
            }
            Some(_) => Err(faults.at(
                value,
                "only a first string is the path; name this one's key",
            )),
            None => Err(faults.at(value, format!("expected a key{} before this", K::OWNER))),
        }
    }

    fn push(&mut self, item: Item<K>, faults: &mut Faults) -> Checked<()> {
        if self.get(item.key).is_some() {
            let message = format!("`{}` is given twice", item.name.unraw());
            return Err(faults.at(&item.name, message));
        }
        self.items.push(item);
        Ok(())
    }
}

/// The row of the key called `name`.
fn row<K: Keys>(name: &str) -> Option<&'static Row<K>> {
    K::TABLE.iter().find(|row| row.name == name)
}

fn value_of<K>(
    name: &Ident,
    row: &Row<K>,
    input: ParseStream<'_>,
    faults: &mut Faults,
) -> Checked<Value> {
    let example = row.example;
    if row.shape == Shape::List {
        if !input.peek(token::Paren) {
            let message = format!("`{}` takes a list, as in `{example}`", row.name);
            return Err(faults.at(name, message));
        }
        let group: Group = input
            .parse()
            .map_err(|error| faults.at_span(error.span(), error))?;
        return Ok(Value::List(group.stream()));
    }
    let equals = input.parse::<Option<Token![=]>>().ok().flatten();
    if equals.is_none() || input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{}` takes a value, as in `{example}`", row.name);
        return Err(faults.at(name, message));
    }
    if let Some(percentage) = percentage(input) {
        return Ok(Value::Expr(percentage));
    }
    input.parse().map(Value::Expr).map_err(|error| {
        let message = format!("cannot read the value of `{}`: {error}", row.name);
        // The end of the input has no place but the whole attribute.
        if error.to_string().starts_with("unexpected end of input") {
            faults.at(name, message)
        } else {
            faults.at_span(error.span(), message)
        }
    })
}

/// `20%` is no expression: it is taken for the string.
fn percentage(input: ParseStream<'_>) -> Option<Expr> {
    let ahead = input.fork();
    let number: LitInt = ahead.parse().ok()?;
    ahead.parse::<Token![%]>().ok()?;
    if !ahead.is_empty() && !ahead.peek(Token![,]) {
        return None;
    }
    input.advance_to(&ahead);
    let text = LitStr::new(&format!("{number}%"), number.span());
    Some(Expr::Lit(ExprLit {
        attrs: Vec::new(),
        lit: Lit::Str(text),
    }))
}

/// The key that an unknown one was most likely meant to be.
fn meant<K: Keys>(name: &str) -> Option<&'static Row<K>> {
    let near = nearest(name, K::TABLE.iter().map(|row| row.name));
    let also = |row: &&Row<K>| row.also.contains(&name.to_lowercase().as_str());
    near.and_then(row).or_else(|| K::TABLE.iter().find(also))
}

fn unknown<K: Keys>(name: &str, meant: Option<&Row<K>>) -> String {
    let owner = K::OWNER;
    if let Some(row) = meant {
        return format!("unknown key `{name}`{owner}; did you mean `{}`?", row.name);
    }
    let keys = listing(K::TABLE.iter().map(|row| row.name), "and");
    format!("unknown key `{name}`{owner}; the keys are {keys}")
}

/// Takes the comma between arguments.
fn separator(input: ParseStream<'_>, faults: &mut Faults) {
    if !input.is_empty() && input.parse::<Token![,]>().is_err() {
        faults.at_span(input.span(), "expected `,` between two arguments");
        // Whatever stands here is either the next argument, or read as one and reported as such.
        if !input.peek(Ident::peek_any) {
            skip_to_comma(input);
            let _: Result<Token![,], _> = input.parse();
        }
    }
}

/// Skips what is left of a faulty argument. A comma alone does not end it, for commas may stand inside a
/// value too (`f::<A, B>()`).
fn skip(input: ParseStream<'_>) {
    while !input.is_empty() && !next_begins(input) {
        let _: Result<TokenTree, _> = input.parse();
    }
}

/// Whether a comma is next, and behind it an argument or the end.
fn next_begins(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    if ahead.parse::<Token![,]>().is_err() {
        return false;
    }
    let value = |ahead: ParseStream<'_>| ahead.peek(Token![=]) && !ahead.peek(Token![==]);
    ahead.is_empty()
        || ahead.call(Ident::parse_any).is_ok() && (value(&ahead) || ahead.peek(token::Paren))
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _: Result<TokenTree, _> = input.parse();
    }
}
