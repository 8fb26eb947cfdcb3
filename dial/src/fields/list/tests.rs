use super::*;

fn sample() -> Fields {
    let mut fields = <Fields>::default();
    for (name, value) in [
        ("X-A", "1"),
        ("Host", "h"),
        ("x-a", "2"),
        ("X-B", ""),
        ("VIA", "\u{e9}"),
    ] {
        fields.read(name.as_bytes(), value.as_bytes());
    }
    fields
}

fn written<B: Buffer>(fields: &Fields<B>) -> String {
    let mut out = Vec::new();
    fields.write(&mut out);
    let lines: Vec<_> = fields
        .iter()
        .map(|(name, value)| [name.as_bytes(), b": ", value, b"\r\n"].concat())
        .collect();
    assert_eq!(lines.concat(), out, "what is told is what is written");
    let map = fields.to_map();
    assert_eq!(map.len(), lines.len());
    for name in map.keys() {
        let of_map: Vec<_> = map
            .get_all(name)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        assert_eq!(of_map, fields.values(name).collect::<Vec<_>>());
        assert!(fields.contains(name) && fields.has(name.into()));
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn what_is_read_is_written() {
    let fields = sample();
    assert_eq!(
        written(&fields),
        "x-a: 1\r\nhost: h\r\nx-a: 2\r\nx-b: \r\nvia: \u{e9}\r\n"
    );
    let again = Fields::from(&fields.to_map());
    assert_eq!(again.to_map(), fields.to_map());
    assert_eq!(written(&<Fields>::default()), "");
}

#[test]
fn edits() {
    let a = HeaderName::from_static("x-a");
    let b = HeaderName::from_static("x-b");
    let c = HeaderName::from_static("x-c");
    let mut fields = sample();
    fields.remove(&c);
    fields.remove(Name::Date);
    fields.remove(Name::Host);
    assert!(!fields.has(Name::Host) && fields.contains(&a) && !fields.contains(&c));
    fields.set(&a, b"3");
    fields.append(&c, b"4");
    fields.append(&b, b"5");
    assert_eq!(
        written(&fields),
        "x-b: \r\nvia: \u{e9}\r\nx-a: 3\r\nx-c: 4\r\nx-b: 5\r\n"
    );
    fields.remove_all(Names::of(&[Name::Other]));
    assert_eq!(written(&fields), "via: \u{e9}\r\n");
    assert!(!fields.has(Name::Other));
}

#[test]
fn members_of_all_lines() {
    let mut fields = <Fields>::default();
    for value in ["a, b ,,c", "\u{ff}, d", ""] {
        fields.append(Name::Connection, value.as_bytes());
    }
    let members: Vec<_> = fields.members(Name::Connection).collect();
    let all: [&[u8]; 7] = [b"a", b"b", b"", b"c", "\u{ff}".as_bytes(), b"d", b""];
    assert_eq!(members, all);
}
