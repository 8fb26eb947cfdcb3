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

/// The fields of a head with these lines, read as the head of a message is.
fn of_head(lines: &str) -> Fields {
    let head = format!("GET / HTTP/1.1\r\n{lines}\r\n");
    let mut room = [httparse::EMPTY_HEADER; 16];
    let mut request = httparse::Request::new(&mut room);
    let parsed = request.parse(head.as_bytes()).unwrap();
    assert_eq!(parsed, httparse::Status::Complete(head.len()), "{lines:?}");
    let read = request.headers.iter();
    let read = read.map(|field| (field.name.as_bytes(), field.value));
    Fields::of_head(&head.as_bytes()[head.len() - lines.len() - 2..], read)
}

#[test]
fn a_head_is_told_and_written_in_one_form() {
    let rows: [(&str, &[(&str, &str)]); 26] = [
        ("", &[]),
        // As they are to be written.
        ("x: 1\r\n", &[("x", "1")]),
        ("X: 1\r\n", &[("x", "1")]),
        ("X-Own_Field: A: b,\tC\r\n", &[("x-own_field", "A: b,\tC")]),
        ("X: \u{e9}\r\n", &[("x", "\u{e9}")]),
        ("X: \r\n", &[("x", "")]),
        (
            "HOST: H\r\nVia: 1.1 P\r\n",
            &[("host", "H"), ("via", "1.1 P")],
        ),
        // Odd ones, at the end of the head.
        ("X:1\r\n", &[("x", "1")]),
        ("X:  1\r\n", &[("x", "1")]),
        ("X: 1 \r\n", &[("x", "1")]),
        ("X: 1\t\r\n", &[("x", "1")]),
        ("X:1 \r\n", &[("x", "1")]),
        ("X:1  \r\n", &[("x", "1")]),
        ("X:\t1\r\n", &[("x", "1")]),
        ("X: \t 1 \t \r\n", &[("x", "1")]),
        ("X:\r\n", &[("x", "")]),
        ("X:\t\r\n", &[("x", "")]),
        ("X:  \r\n", &[("x", "")]),
        ("X: \t\r\n", &[("x", "")]),
        ("HoSt:H\r\n", &[("host", "H")]),
        // Several of one name.
        (
            "X: 1\r\nx: 2\r\nX: 1\r\n",
            &[("x", "1"), ("x", "2"), ("x", "1")],
        ),
        (
            "VIA:a\r\nY: 1\r\nvia: b\r\nVia:  c\r\n",
            &[("via", "a"), ("y", "1"), ("via", "b"), ("via", "c")],
        ),
        // Odd ones in front of plain ones, behind them and between them.
        ("A:1\r\nB: 2\r\n", &[("a", "1"), ("b", "2")]),
        ("A: 1\r\nB:2\r\n", &[("a", "1"), ("b", "2")]),
        (
            "A: 1\r\nB:2\r\nC: 3\r\nD:  4\r\nE: 5 \r\nF: 6\r\n",
            &[
                ("a", "1"),
                ("b", "2"),
                ("c", "3"),
                ("d", "4"),
                ("e", "5"),
                ("f", "6"),
            ],
        ),
        (
            "A:\r\nB: \r\nC: :\r\nD::\r\nB:\t\r\nA: 1\r\n",
            &[
                ("a", ""),
                ("b", ""),
                ("c", ":"),
                ("d", ":"),
                ("b", ""),
                ("a", "1"),
            ],
        ),
    ];
    for (lines, told) in rows {
        let fields = of_head(lines);
        let expected: Vec<_> = told
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        assert_eq!(fields.iter().collect::<Vec<_>>(), expected, "{lines:?}");
        let expected: Vec<_> = told
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        assert_eq!(written(&fields), expected.concat(), "{lines:?}");
    }
}

#[test]
fn a_head_is_edited_like_any_other_list() {
    let a = HeaderName::from_static("a");
    let mut fields = of_head("A: 1\r\nHost:h\r\nB: 2\r\na:3\r\nDate: d\r\n");
    fields.set(&a, b"4");
    fields.remove(Name::Host);
    assert!(!fields.has(Name::Host) && fields.has(Name::Date));
    fields.append(Name::Host, b"i");
    assert_eq!(written(&fields), "b: 2\r\ndate: d\r\na: 4\r\nhost: i\r\n");
}
