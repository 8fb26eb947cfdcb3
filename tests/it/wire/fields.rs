//! Field lines (RFC 9112 §5): what two readers could read in two ways is refused, in requests with 400, in responses with
//! 502. What is proper passes byte for byte.

use super::row::{Row, check, row};
use super::{get, got};

/// A request with `line` among its fields, and the response with it.
fn both(section: &'static str, name: &str, line: &[u8]) -> [Row; 2] {
    let request = [
        b"GET /x HTTP/1.1\r\nHost: a\r\n",
        line,
        b"\r\nX-Z: z\r\n\r\n",
    ]
    .concat();
    let response = [
        b"HTTP/1.1 200 OK\r\n",
        line,
        b"\r\nContent-Length: 2\r\n\r\nok",
    ]
    .concat();
    [
        row(section, format!("{name} in a request"), request).refused(400),
        row(section, format!("{name} in a response"), get(""))
            .forwards(got(""))
            .answered(response)
            .fails(502),
    ]
}

#[tokio::test]
async fn lines_that_are_no_fields() {
    let lines: [(&'static str, &[u8]); 32] = [
        ("9112 §5.1", b"X-A : 1"),
        ("9112 §5.1", b"X-A\t: 1"),
        ("9112 §5.1", b"X-A \t : 1"),
        ("9112 §5.1", b"Content-Length : 0"),
        ("9112 §5.1", b"Transfer-Encoding : chunked"),
        ("9112 §5.1", b"Host : a"),
        ("9112 §5.1", b"Connection : X-A"),
        ("9112 §5.2", b"X-A: 1\r\n 2"),
        ("9112 §5.2", b"X-A: 1\r\n\t2"),
        ("9112 §5.2", b"X-A: 1\r\n "),
        ("9112 §5.2", b"X-A:\r\n 1"),
        ("9112 §5.2", b"X-A: 1\r\n  : 2"),
        ("9112 §5.2", b"X-A: 1\r\n X-B: 2"),
        ("9112 §5", b"X-A"),
        ("9112 §5", b"X-A 1"),
        ("9112 §5", b"X-A=1"),
        ("9112 §5", b": 1"),
        ("9112 §5", b":"),
        ("9112 §5", b" : 1"),
        ("9112 §2.2", b"X-A: 1\nX-B: 2"),
        ("9112 §2.2", b"X-A: 1\n X-B: 2"),
        ("9112 §2.2", b"X-A: 1\r\n\nX-B: 2"),
        ("9112 §2.2", b"X-A: 1\n\nGET /smuggled HTTP/1.1"),
        ("9112 §2.2", b"X-A: 1\rX-B: 2"),
        ("9112 §2.2", b"X-A: 1\r"),
        ("9112 §2.2", b"X-A: \r1"),
        ("9112 §2.2", b"X-A\r: 1"),
        ("9112 §2.2", b"\rX-A: 1"),
        ("9112 §2.2", b"X-A: 1\r\r\n\r\rGET /smuggled HTTP/1.1"),
        ("9112 §2.2", b"X-A:\r1\r\nX-B: 2"),
        ("9112 §2.2", b"X-A\n: 1"),
        ("9112 §2.2", b"X-A:\n1"),
    ];
    let mut rows = Vec::new();
    for (section, line) in lines {
        rows.extend(both(section, &line.escape_ascii().to_string(), line));
    }
    check(rows).await;
}

/// White space before the first field: some drop the line, some join it to the first one (RFC 9112 §2.2).
#[tokio::test]
async fn white_space_behind_the_first_line() {
    let mut rows = Vec::new();
    for space in [" ", "\t", " \t "] {
        let name = format!("{space:?} before the first field");
        let request = format!("GET /x HTTP/1.1\r\n{space}Host: a\r\nHost: b\r\n\r\n");
        rows.push(row("9112 §2.2", name.clone(), request).refused(400));
        let response = format!("HTTP/1.1 200 OK\r\n{space}X-A: 1\r\nContent-Length: 2\r\n\r\nok");
        rows.push(
            row("9112 §2.2", name, get(""))
                .forwards(got(""))
                .answered(response)
                .fails(502),
        );
    }
    check(rows).await;
}

#[tokio::test]
async fn bytes_that_no_name_has() {
    let delimiters = b"\"(),/;<=>?@[\\]{}";
    let bytes = (0..=0x20)
        .chain([0x7f, 0x80, 0xa0, 0xff])
        .chain(delimiters.iter().copied());
    let mut rows = Vec::new();
    for byte in bytes.filter(|byte| *byte != b'\n') {
        let line = [b"X-", &[byte][..], b"A: 1"].concat();
        rows.extend(both("9110 §5.1", &format!("byte {byte:#04x}"), &line));
    }
    check(rows).await;
}

#[tokio::test]
async fn bytes_that_no_value_has() {
    let mut rows = Vec::new();
    for byte in (0..0x20)
        .chain([0x7f])
        .filter(|byte| !b"\t\n".contains(byte))
    {
        for (place, line) in [
            ("first", [b"X-A: ", &[byte][..], b"1"].concat()),
            ("in the middle", [b"X-A: 1", &[byte][..], b"2"].concat()),
            ("last", [b"X-A: 1", &[byte][..]].concat()),
        ] {
            rows.extend(both(
                "9110 §5.5",
                &format!("byte {byte:#04x}, {place}"),
                &line,
            ));
        }
    }
    check(rows).await;
}

/// Values pass as they are, but for the white space around them, and keep their order.
#[tokio::test]
async fn values_pass() {
    let rows: [(&[u8], &[u8]); 17] = [
        (b"X-A:1", b"x-a: 1"),
        (b"X-A: \t 1 \t ", b"x-a: 1"),
        (b"X-A:", b"x-a: "),
        (b"X-A: \t", b"x-a: "),
        (b"x-a: 1\r\nX-A: 2\r\nX-a: 1", b"x-a: 1\r\nx-a: 2\r\nx-a: 1"),
        (b"X-A: b  c\td", b"x-a: b  c\td"),
        (b"X-A: :::", b"x-a: :::"),
        (b"X-A: \"q\\\" (c) <d>", b"x-a: \"q\\\" (c) <d>"),
        (b"X-A: \x80\xff\xc3\xa4", b"x-a: \x80\xff\xc3\xa4"),
        (b"X-A: a,b , c,, ", b"x-a: a,b , c,,"),
        (b"!#$%&'*+-.^_`|~1: 1", b"!#$%&'*+-.^_`|~1: 1"),
        (b"X_A: 1", b"x_a: 1"),
        (
            b"Cache-Control: no-transform",
            b"cache-control: no-transform",
        ),
        (b"X-A: %0d%0aX-B: 1", b"x-a: %0d%0aX-B: 1"),
        (b"X-A: HTTP/1.1 200 OK", b"x-a: HTTP/1.1 200 OK"),
        (
            b"Date: Thu, 01 Jan 1970 00:00:00 GMT",
            b"date: Thu, 01 Jan 1970 00:00:00 GMT",
        ),
        (b"Server: x\r\nUser-Agent: y", b"server: x\r\nuser-agent: y"),
    ];
    let rows = rows.map(|(line, passed)| {
        let request = [b"GET /x HTTP/1.1\r\nHost: a\r\n", line, b"\r\n\r\n"].concat();
        let response = [
            b"HTTP/1.1 200 OK\r\n",
            line,
            b"\r\nContent-Length: 2\r\n\r\nok",
        ]
        .concat();
        let received = [b"GET /x HTTP/1.1\r\n", passed, b"\r\n\r\n"].concat();
        let got = [
            b"HTTP/1.1 200 OK\r\n",
            passed,
            b"\r\ncontent-length: 2\r\n\r\nok",
        ]
        .concat();
        row("9110 §5.5", line.escape_ascii().to_string(), request)
            .forwards(received)
            .answered(response)
            .gets(got)
    });
    check(rows.to_vec()).await;
}

/// No two cookies in one line, and none before another (RFC 6265 §3).
#[tokio::test]
async fn repeated_fields_keep_their_order() {
    let response = "HTTP/1.1 200 OK\r\nSet-Cookie: b=1\r\nLink: <1>\r\nSet-Cookie: a=2\r\nLink: <0>\r\n\
                    Set-Cookie: b=1\r\nContent-Length: 2\r\n\r\nok";
    let got = "HTTP/1.1 200 OK\r\nset-cookie: b=1\r\nset-cookie: a=2\r\nset-cookie: b=1\r\nlink: <1>\r\nlink: <0>\r\n\
               content-length: 2\r\n\r\nok";
    let rows = vec![
        row("9110 §5.3", "Set-Cookie and Link", get(""))
            .forwards(super::got(""))
            .answered(response)
            .gets(got),
        row(
            "9110 §5.3",
            "Cookie",
            get("Cookie: b=1\r\nX-B: 2\r\nCookie: a=2\r\nX-B: 1\r\n"),
        )
        .forwards(super::got(
            "cookie: b=1\r\ncookie: a=2\r\nx-b: 2\r\nx-b: 1\r\n",
        )),
    ];
    check(rows).await;
}
