use super::*;

/// Reads a message whose body is framed by its own fields.
async fn read(message: &[u8]) -> Result<(String, Vec<u8>, Fields), Fault> {
    let mut wire = Wire::new(message);
    let (line, fields) = wire.head().await?;
    let mut pieces = Pieces::new(Framing::of_request(&fields)?);
    let mut body = Vec::new();
    pieces.rest(&mut wire, &mut body).await?;
    assert_eq!(wire.unread(), b"", "read to its end");
    Ok((line, body, pieces.trailers))
}

#[tokio::test]
async fn messages_in_order() {
    type Row = (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
    );
    let rows: [Row; 5] = [
        ("A B C\r\n\r\n", "", &[]),
        ("A B C\r\nContent-Length: 0\r\n\r\n", "", &[]),
        ("A B C\r\ncontent-length:3\r\n\r\nabc", "abc", &[]),
        (
            "A B C\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "",
            &[],
        ),
        (
            "A B C\r\nTransfer-Encoding: Chunked\r\n\r\n\
             3\r\nabc\r\n00A;x=\"y\"\r\n0123456789\r\n0\r\nT: 1\r\nt: 2\r\n\r\n",
            "abc0123456789",
            &[("T", "1"), ("t", "2")],
        ),
    ];
    for (message, body, trailers) in rows {
        let (line, got, got_trailers) = read(message.as_bytes()).await.expect(message);
        assert_eq!(line, "A B C");
        assert_eq!(got, body.as_bytes(), "{message}");
        assert_eq!(
            got_trailers,
            trailers.iter().copied().collect(),
            "{message}"
        );
    }
}

#[tokio::test]
async fn malformed_messages() {
    let heads = [
        "A B C\n\n\r\n\r\n",
        "A \rB C\r\n\r\n",
        "A B C\r\nX\r\n\r\n",
        "A B C\r\nX : y\r\n\r\n",
        "A B C\r\n: y\r\n\r\n",
        "A B C\r\nX: y\r\n z\r\n\r\n",
        "A B C\r\nX: y\nZ: z\r\n\r\n",
        "A B C\r\nX: y\r\r\n\r\n",
        "A B C\r\nX: \0\r\n\r\n",
        "A B C\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "A B C\r\nContent-Length: +1\r\n\r\na",
        "A B C\r\nContent-Length: 1, 1\r\n\r\na",
        "A B C\r\nContent-Length:\r\n\r\n",
        "A B C\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "A B C\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "A B C\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "A B C\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    let chunks = [
        "\r\n\r\n",
        "3 \r\nabc",
        "-3\r\nabc",
        "0x3\r\nabc",
        "3\nabc\r\n",
        "2\r\nabc\r\n0\r\n\r\n",
        "10000000000000000\r\n",
        "0\r\nX : y\r\n\r\n",
    ];
    let chunked = |body| format!("A B C\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let heads = heads.iter().map(|&head| head.to_owned());
    for message in heads.chain(chunks.iter().map(chunked)) {
        match read(message.as_bytes()).await {
            Err(Fault::Malformed(_)) => {}
            other => panic!("{message:?} gave {other:?}"),
        }
    }
}

#[tokio::test]
async fn messages_cut_short() {
    let chunked = "A B C\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n";
    let sized = "A B C\r\nContent-Length: 3\r\n\r\nabc";
    for whole in [chunked, sized] {
        for length in 0..whole.len() {
            let cut = read(&whole.as_bytes()[..length]).await;
            let cut = cut.map(|_| whole[..length].to_owned());
            assert_eq!(cut, Err(Fault::Ended(Ending::Closed)));
        }
    }
}

#[test]
fn which_responses_have_a_body() {
    let length: Fields = [("Content-Length", "5")].into_iter().collect();
    let none = Fields::default();
    let rows = [
        ("GET", 200, &length, Framing::Length(5)),
        ("GET", 200, &none, Framing::Close),
        ("HEAD", 200, &length, Framing::Length(0)),
        ("HEAD", 200, &none, Framing::Length(0)),
        ("GET", 204, &none, Framing::Length(0)),
        ("GET", 304, &length, Framing::Length(0)),
        ("GET", 101, &none, Framing::Length(0)),
        ("CONNECT", 200, &none, Framing::Length(0)),
        ("CONNECT", 502, &length, Framing::Length(5)),
    ];
    for (method, status, fields, framing) in rows {
        let read = Framing::of_response(method, status, fields);
        assert_eq!(read, Ok(framing), "{method} {status}");
    }
}

#[test]
fn fields_keep_order_and_case() {
    let fields = Fields::parse(b"B: 1\r\na:\t x \t\r\nb: 2\r\nC:\r\n\r\n").unwrap();
    assert_eq!(fields.names(), ["b", "a", "b", "c"]);
    assert_eq!(fields.as_slice()[1], ("a".to_owned(), b"x".to_vec()));
    assert_eq!(fields.all("B"), ["1", "2"]);
    assert_eq!((fields.get("A"), fields.get("c")), (Some("x"), Some("")));
    assert_eq!(fields.to_bytes(), b"B: 1\r\na: x\r\nb: 2\r\nC: \r\n");
}

#[test]
#[should_panic(expected = "b is repeated")]
fn a_repeated_field_is_not_overlooked() {
    let fields: Fields = [("B", "1"), ("b", "1")].into_iter().collect();
    let _ = fields.get("b");
}
