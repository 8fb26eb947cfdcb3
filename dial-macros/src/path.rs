//! The grammar of paths.
//!
//! `/a/{id}/b`, `/files/{*rest}`: segments that are static, a parameter, or the last one a catch-all.
//! Statics stand as a request line carries them (RFC 3986, section 3.3: `pchar`). A trailing slash is an
//! empty last segment, so `/a/` is legal and is not `/a`.

use std::fmt::Write;

/// More than any real route has, and few enough for a fixed array at run time.
const MAX_PARAMS: usize = 16;

/// As many as a lookup at run time descends.
const MAX_SEGMENTS: usize = 128;

/// A parameter of a path.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) catch_all: bool,
}

/// The parameters of a path, or every fault in it.
pub(crate) fn parse(path: &str) -> Result<Vec<Param>, Vec<String>> {
    let Some(relative) = path.strip_prefix('/') else {
        return Err(vec![no_leading_slash(path)]);
    };
    // These two would split the path as a URI; what is behind them cannot be judged as segments.
    if let Some(found) = path.find(['?', '#']) {
        let what = if path[found..].starts_with('?') {
            "query"
        } else {
            "fragment"
        };
        let message = format!(
            "a path has no {what}; it ends before the `{}`",
            &path[found..=found]
        );
        return Err(vec![message]);
    }

    let mut params: Vec<Param> = Vec::new();
    let mut faults = Vec::new();
    let segments: Vec<&str> = relative.split('/').collect();
    let last = segments.len() - 1;
    for (position, text) in segments.iter().enumerate() {
        match segment(text, position == last) {
            Ok(None) => {}
            Ok(Some(param)) if params.iter().any(|known| known.name == param.name) => {
                faults.push(format!("path parameter `{}` is named twice", param.name));
            }
            Ok(Some(param)) => params.push(param),
            Err(fault) => faults.push(fault),
        }
    }
    if params.len() > MAX_PARAMS {
        let count = params.len();
        faults.push(format!(
            "a path has at most {MAX_PARAMS} parameters, and this has {count}"
        ));
    }
    if segments.len() > MAX_SEGMENTS {
        let count = segments.len();
        faults.push(format!(
            "a path has at most {MAX_SEGMENTS} segments, and this has {count}"
        ));
    }
    if faults.is_empty() {
        Ok(params)
    } else {
        Err(faults)
    }
}

/// The parameter that a segment is, or `None` for a static one.
fn segment(text: &str, last: bool) -> Result<Option<Param>, String> {
    if text.is_empty() {
        return if last {
            Ok(None)
        } else {
            Err("a path has no empty segment (`//`)".into())
        };
    }
    if let Some(fault) = other_notation(text) {
        return Err(fault);
    }
    if text.contains(['{', '}']) {
        return parameter(text, last).map(Some);
    }
    literal(text).map(|()| None)
}

fn no_leading_slash(path: &str) -> String {
    if path.contains("://") {
        "a path begins with `/`; the host of a request is matched by `domain`".into()
    } else {
        format!("a path begins with `/`, as in `/{path}`")
    }
}

/// The parameter notations of other routers.
fn other_notation(text: &str) -> Option<String> {
    if let Some(name) = text.strip_prefix(':') {
        return Some(if is_name(name) {
            format!(
                "a path parameter is written `{{{name}}}`, not `{text}` (a literal colon is `%3A`)"
            )
        } else {
            format!(
                "`{text}` begins with a colon; a parameter is written `{{id}}`, a literal colon `%3A`"
            )
        });
    }
    if let Some(name) = text.strip_prefix('*') {
        let name = if is_name(name) { name } else { "rest" };
        return Some(format!(
            "a catch-all is written `{{*{name}}}`, not `{text}` (a literal asterisk is `%2A`)"
        ));
    }
    let name = text.strip_prefix('<')?.strip_suffix('>')?;
    Some(match name.strip_suffix("..") {
        Some(rest) => format!("a catch-all is written `{{*{rest}}}`, not `{text}`"),
        None => format!("a path parameter is written `{{{name}}}`, not `{text}`"),
    })
}

/// Reads `{name}` or `{*name}`.
fn parameter(text: &str, last: bool) -> Result<Param, String> {
    if text.matches('{').count() != text.matches('}').count() {
        return Err(format!(
            "`{text}` has unbalanced braces (literal ones are `%7B` and `%7D`)"
        ));
    }
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    let inner = match inner {
        Some(inner) if !inner.contains(['{', '}']) => inner,
        _ => {
            return Err(format!(
                "a path parameter is a whole segment, as in `/{{id}}/`; `{text}` is not"
            ));
        }
    };
    let (name, catch_all) = match inner.strip_prefix('*') {
        Some(name) => (name, true),
        None => (inner, false),
    };
    if let Some(rest) = name.strip_suffix("...").or_else(|| name.strip_suffix("..")) {
        return Err(format!(
            "a catch-all is written `{{*{rest}}}`, not `{text}`"
        ));
    }
    if let Some((name, _)) = name.split_once(':').filter(|(name, _)| is_name(name)) {
        return Err(format!(
            "`{text}` constrains its parameter; write `{{{name}}}` and let the argument's type check it"
        ));
    }
    if !is_name(name) {
        return Err(bad_name(name, text));
    }
    if catch_all && !last {
        return Err(format!("the catch-all `{text}` must be the last segment"));
    }
    Ok(Param {
        name: name.to_owned(),
        catch_all,
    })
}

fn bad_name(name: &str, text: &str) -> String {
    match name {
        "" => format!("`{text}` has no name; write `{{id}}` or `{{*rest}}`"),
        "_" => format!("`{text}` has no name; write `{{_id}}` for one that no argument takes"),
        "self" | "Self" | "super" | "crate" => {
            format!("`{name}` cannot name an argument, so it cannot name a path parameter")
        }
        _ => format!(
            "`{name}` is not a name for a path parameter: letters, digits and `_`, no digit first"
        ),
    }
}

/// Whether an argument can be called so.
pub(crate) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_')
        && !matches!(name, "_" | "self" | "Self" | "super" | "crate")
}

/// Checks a path that is sent as it is, and the query behind it.
pub(crate) fn target(text: &str) -> Result<(), String> {
    if !text.starts_with('/') {
        return Err(match text.contains("://") {
            true => "this is the path alone; every host is asked for it".into(),
            false => format!("a path begins with `/`, as in `/{text}`"),
        });
    }
    if text.contains('#') {
        return Err("a fragment is never sent; the path ends before the `#`".into());
    }
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    path.split('/').try_for_each(literal)?;
    query.split(['/', '?']).try_for_each(encoded)
}

/// Checks a static segment.
fn literal(text: &str) -> Result<(), String> {
    encoded(text)?;
    let decoded = text.to_ascii_lowercase().replace("%2e", ".");
    if decoded == "." || decoded == ".." {
        return Err(format!(
            "a path has no dot segment (`{text}`): clients and servers resolve it away"
        ));
    }
    Ok(())
}

/// Whether all that has to be is percent-encoded.
fn encoded(text: &str) -> Result<(), String> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'%' {
            let hex = bytes.get(at + 1..at + 3);
            if !hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) {
                return Err(format!(
                    "a `%` in a path begins an encoded byte such as `%20`; a literal one is `%25` (in `{text}`)"
                ));
            }
        }
    }
    if let Some(bad) = text.chars().find(|c| !is_pchar(*c)) {
        let what = match bad {
            ' ' => "a space".to_owned(),
            bad if bad.is_control() => "a control character".to_owned(),
            bad => format!("`{bad}`"),
        };
        return Err(format!(
            "{what} must be percent-encoded in a path: write `{}`",
            encode(text)
        ));
    }
    Ok(())
}

/// Whether a segment may hold `c` as it is; `%` was looked at before.
fn is_pchar(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(c)
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    let mut buffer = [0; 4];
    for c in text.chars() {
        if is_pchar(c) {
            encoded.push(c);
        } else {
            for byte in c.encode_utf8(&mut buffer).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}
