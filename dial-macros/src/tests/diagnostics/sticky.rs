//! `sticky(..)`: its keys and its values.

use super::{attribute, statics, value};

fn inside(keys: &str, expected: &[(&str, &str)]) {
    attribute(&format!("hosts = [\"b\"], sticky({keys})"), expected);
}

fn of(key: &str, text: &str, message: &str) {
    let arguments = format!("hosts = [\"b\"], sticky(cookie = \"a\", key = k(), {key} = $)");
    value(&arguments, text, &[message]);
}

#[test]
fn sound() {
    for keys in [
        "cookie = \"host\", key_env = \"KEY\"",
        "key = b\"0123456789abcdef\", cookie = \"host\", max_age = 1s, same_site = none",
        "cookie = \"host\", key = \"0123456789abcdef\", same_site = lax",
        "cookie = \"host\", key = secret(), same_site = strict, max_age = \"24h\"",
    ] {
        inside(keys, &[]);
        statics(&format!("static A = [\"a\"], sticky({keys});"), &[]);
    }
}

#[test]
fn keys() {
    let cookie = "`sticky` names no cookie; add one, as in `cookie = \"host\"`";
    let key = "`sticky` needs a key that all instances share: `key_env = \"STICKY_KEY\"`, or `key = EXPR`";
    inside("", &[(key, "sticky"), (cookie, "sticky")]);
    inside("cookie = \"a\"", &[(key, "sticky")]);
    inside("key = k()", &[(cookie, "sticky")]);
    let both = "`key` and `key_env` both say what is signed with; keep one";
    inside(
        "cookie = \"a\", key_env = \"KEY\", key = k()",
        &[(both, "key")],
    );
    for (written, meant) in [("name", "cookie"), ("secret", "key"), ("ttl", "max_age")] {
        let message = format!("unknown key `{written}` of `sticky`; did you mean `{meant}`?");
        inside(&format!("{written} = \"a\""), &[(&message, written)]);
    }
    let list = "`sticky` takes a list, as in `sticky(cookie = \"host\", key_env = \"STICKY_KEY\")`";
    attribute("hosts = [\"b\"], sticky = \"host\"", &[(list, "sticky")]);
    let shared = "`sticky` belongs to the upstream that is shared; write it where that is declared";
    attribute(
        "upstream = API, sticky(cookie = \"a\", key = k())",
        &[(shared, "sticky")],
    );
}

#[test]
fn values() {
    of("max_age", "1500ms", "`max_age` is in whole seconds");
    of(
        "max_age",
        "0s",
        "`max_age` cannot be zero; leave it out for the default",
    );
    of(
        "same_site",
        "Lax",
        "`same_site` is `strict`, `lax` or `none`; did you mean `lax`?",
    );
    for (keys, place, message) in [
        (
            "cookie = \"a b\", key = k()",
            "\"a b\"",
            "`a b` is not the name of a cookie",
        ),
        (
            "cookie = NAME, key = k()",
            "NAME",
            "`cookie` must be a string literal",
        ),
        (
            "cookie = \"a\", key = \"short\"",
            "\"short\"",
            "a key has 16 bytes at least, not 5",
        ),
        (
            "cookie = \"a\", key = b\"short\"",
            "b\"short\"",
            "a key has 16 bytes at least, not 5",
        ),
        ("cookie = \"a\", key = 5", "5", "`key` is a string or bytes"),
        (
            "cookie = \"a\", key_env = \"A KEY\"",
            "\"A KEY\"",
            "`key_env` names an environment variable, such as `BACKENDS`",
        ),
    ] {
        inside(keys, &[(message, place)]);
    }
}
