//! Paths in Rust sources, as far as a scan can see them.

/// The source with comments and the insides of literals blanked; every line stays where it is.
pub(super) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest, out.chars().next_back()).unwrap_or(0);
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let (blank, after) = rest.split_at(length);
            out.extend(blank.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = after;
        }
    }
    out
}

/// How long the comment or literal is that `text` begins with.
fn skipped(text: &str, before: Option<char>) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    if text.starts_with('"') {
        return Some(quoted(text, '"'));
    }
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !in_word && text.starts_with(['r', 'b', 'c']) {
        let hashes = text.trim_start_matches(['r', 'b', 'c']);
        let prefix = text.len() - hashes.len();
        let quote = hashes.trim_start_matches('#');
        if quote.starts_with('"') && text[..prefix].contains('r') {
            let end = format!("\"{}", "#".repeat(hashes.len() - quote.len()));
            let start = text.len() - quote.len() + 1;
            return Some(
                text[start..]
                    .find(&end)
                    .map_or(text.len(), |at| start + at + end.len()),
            );
        }
    }
    if text.starts_with('\'') {
        // A character, unless it is a lifetime.
        let mut chars = text.chars().skip(1);
        let (first, second) = (chars.next()?, chars.next()?);
        if first == '\\' || second == '\'' {
            return Some(quoted(text, '\''));
        }
    }
    None
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    for (at, _) in text.char_indices() {
        if text[at..].starts_with("/*") {
            depth += 1;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    text.len()
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Which lines of `code` are outside of `#[cfg(test)]` items.
pub(super) fn without_tests(code: &str) -> Vec<bool> {
    let mut kept = Vec::new();
    // Within a test item: the depth of braces, and whether one was opened.
    let mut inside: Option<(usize, bool)> = None;
    for line in code.lines() {
        let starts = line.trim_start().starts_with("#[cfg(test)]");
        if starts && inside.is_none() {
            inside = Some((0, false));
        }
        kept.push(inside.is_none());
        if let Some((depth, opened)) = &mut inside {
            for c in line.chars() {
                match c {
                    '{' => (*depth, *opened) = (*depth + 1, true),
                    '}' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            let ended = if *opened {
                *depth == 0
            } else {
                line.trim_end().ends_with(';')
            };
            if ended {
                inside = None;
            }
        }
    }
    kept
}

/// The code with the lines that are not kept blanked.
pub(super) fn only(code: &str, kept: &[bool]) -> String {
    let lines = code.lines().zip(kept);
    let lines: Vec<_> = lines
        .map(|(line, kept)| if *kept { line } else { "" })
        .collect();
    lines.join("\n")
}

/// The names right below the crate's root that `code` reaches for from within the modules `enclosing`, each with its
/// line.
pub(super) fn paths(code: &str, enclosing: &[&str]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("::") {
        let word = last_word(&code[..at]);
        let start = at - word.len();
        let before = &code[..start];
        let absolute = !before.ends_with("::") && !before.ends_with('$');
        let below = &code[at + 2..];
        let line = code[..at].matches('\n').count() + 1;
        let names = match word {
            "crate" if absolute => first_names(below),
            "super" if absolute => from_super(below, enclosing),
            _ => Vec::new(),
        };
        found.extend(names.into_iter().map(|name| (line, name)));
    }
    found
}

/// What `super::` and the text after it name below the root, if it is followed as far.
fn from_super(mut below: &str, enclosing: &[&str]) -> Vec<String> {
    let mut depth = enclosing.len().saturating_sub(1);
    while let Some(further) = below.strip_prefix("super::") {
        depth = depth.saturating_sub(1);
        below = further;
    }
    if depth == 0 {
        first_names(below)
    } else {
        vec![enclosing[0].to_owned()]
    }
}

/// `a` of `a::b`; `a` and `c` of `{a::b, c}`.
fn first_names(below: &str) -> Vec<String> {
    let Some(group) = below.strip_prefix('{') else {
        return vec![first_word(below)];
    };
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(first_word(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

fn last_word(text: &str) -> &str {
    let start = text.trim_end_matches(is_word).len();
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, enclosing: &[&str]) -> Vec<String> {
        let code = code(text);
        let code = only(&code, &without_tests(&code));
        paths(&code, enclosing)
            .into_iter()
            .map(|(_, name)| name)
            .collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let cases: [(&str, &[&str]); 9] = [
            ("use crate::client::Client;", &["client"]),
            (
                "use crate::{client::{Client, pool}, error, proxy::*};",
                &["client", "error", "proxy"],
            ),
            (
                "use crate::{\n    client,\n    error,\n};",
                &["client", "error"],
            ),
            (
                "fn f(body: crate::Body) -> <crate::error::Error as X>::Y {}",
                &["Body", "error"],
            ),
            ("pub(in crate::upstream) fn f() {}", &["upstream"]),
            ("use super::super::proxy::Proxy;", &["proxy"]),
            (
                "use super::super::{proxy, route::Route};",
                &["proxy", "route"],
            ),
            ("use super::conn::Connection;", &["client"]),
            ("$crate::Route; other_crate::x; crate_x::y; self::z", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(names(text, &["client", "pool"]), expected, "{text}");
        }
    }

    #[test]
    fn comments_literals_and_tests_are_not_code() {
        let texts = [
            "// crate::client",
            "/// [`crate::client`]",
            "/* crate::client /* nested */ crate::proxy */",
            r#"let text = "crate::client \" crate::proxy";"#,
            "let text = r#\"crate::client \" crate::proxy\"#;",
            "let quote = '\"'; // crate::client",
            "#[cfg(test)]\nmod tests {\n    fn f() { crate::client::x() }\n}",
            "#[cfg(test)]\nuse crate::client;",
        ];
        for text in texts {
            assert_eq!(names(text, &["client", "pool"]), [""; 0], "{text}");
        }
        let after = "#[cfg(test)]\nmod tests;\n\nfn f<'a>(x: &'a str) { crate::error::g('\\'') }";
        assert_eq!(names(after, &["client"]), ["error"]);
    }

    #[test]
    fn lines_of_tests_are_not_counted() {
        let code = "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\nfn h() {}\n";
        assert_eq!(
            without_tests(code),
            [true, false, false, false, false, true]
        );
    }
}
