//! Content-Length and Transfer-Encoding in all pairings (RFC 9112 §6): one length or none, in either direction.

use super::row::{Row, check, row};
use super::{get, got, post, posted};

/// What there is of Content-Length, and whether it is five bytes.
const LENGTHS: [(&str, bool); 26] = [
    ("5", true),
    ("005", true),
    ("0000000000000000000000000000005", true),
    ("", false),
    ("+5", false),
    ("-5", false),
    ("-0", false),
    ("5 5", false),
    ("5,5", false),
    ("5, 5", false),
    ("5, 6", false),
    ("5,", false),
    (",5", false),
    ("5;", false),
    ("0x5", false),
    ("5h", false),
    ("5.0", false),
    ("5e0", false),
    ("1_0", false),
    ("\"5\"", false),
    ("five", false),
    ("\u{665}", false),
    ("18446744073709551616", false),
    ("99999999999999999999999999", false),
    ("5\r\nContent-Length: 5", false),
    ("5\r\nContent-Length: 6", false),
];

/// What there is of Transfer-Encoding, and the status if it is not just `chunked`: 501 for a coding that could have been
/// undone before chunks (RFC 9112 §6.1).
const CODINGS: [(&str, u16); 24] = [
    ("chunked", 0),
    ("Chunked", 0),
    ("CHUNKED", 0),
    ("gzip, chunked", 501),
    ("identity, chunked", 501),
    ("chunked, chunked", 501),
    ("x,chunked", 501),
    ("gzip;q=1, chunked", 501),
    ("identity", 400),
    ("gzip", 400),
    ("", 400),
    ("chunked, identity", 400),
    ("chunked, gzip", 400),
    ("chunked,", 400),
    (",chunked", 400),
    ("chunked;q=1", 400),
    ("chunked; x=y", 400),
    ("\"chunked\"", 400),
    ("xchunked", 400),
    ("chunkedx", 400),
    ("chunked chunked", 400),
    ("chunked\r\nTransfer-Encoding: chunked", 400),
    ("chunked\r\nTransfer-Encoding: identity", 400),
    ("gzip\r\nTransfer-Encoding: chunked", 400),
];

#[tokio::test]
async fn lengths() {
    let rows = LENGTHS.iter().map(|(length, good)| {
        let request = post(&format!("Content-Length: {length}\r\n"), "hello");
        let row = row("9112 §6.3", format!("Content-Length: {length}"), request);
        match good {
            true => row.forwards(posted("content-length: 5\r\n", "hello")),
            false => row.refused(400),
        }
    });
    check(rows.collect()).await;
}

#[tokio::test]
async fn codings() {
    const BODY: &str = "5\r\nhello\r\n0\r\n\r\n";
    let rows = CODINGS.iter().map(|(coding, status)| {
        let request = post(&format!("Transfer-Encoding: {coding}\r\n"), BODY);
        let row = row("9112 §6.1", format!("Transfer-Encoding: {coding}"), request);
        match status {
            0 => row.forwards(posted("transfer-encoding: chunked\r\n", BODY)),
            status => row.refused(*status),
        }
    });
    check(rows.collect()).await;
}

/// Both are never one length (RFC 9112 §6.3, rule 3), whichever comes first.
#[tokio::test]
async fn both() {
    let mut rows = Vec::new();
    for (length, _) in LENGTHS.iter().chain(&[("0", false)]) {
        for (coding, status) in CODINGS {
            let fields = [
                format!("Content-Length: {length}\r\n"),
                format!("Transfer-Encoding: {coding}\r\n"),
            ];
            let name = fields.concat().escape_debug().to_string();
            let status = status.max(400);
            let body = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
            let order = [fields.concat(), [&fields[1][..], &fields[0]].concat()];
            // Half of them each way round.
            let fields = &order[rows.len() % 2];
            rows.push(row("9112 §6.3", name, post(fields, body)).refused(status));
        }
    }
    check(rows).await;
}

/// Content where none is expected is content all the same, and belongs to its own request only.
#[tokio::test]
async fn any_method_may_have_content() {
    let mut rows = Vec::new();
    for method in ["GET", "DELETE", "OPTIONS", "PUT", "PATCH", "QUERY"] {
        let head = format!("{method} /x HTTP/1.1\r\n");
        for (fields, forwarded) in [
            (
                "Content-Length: 5\r\n\r\nhello",
                "content-length: 5\r\n\r\nhello",
            ),
            (
                "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ),
        ] {
            let request = format!("{head}Host: a\r\n{fields}");
            rows.push(
                row("9110 §9.3", format!("{method}, {fields:?}"), request)
                    .forwards(head.clone() + forwarded),
            );
        }
    }
    // Where content is expected, its absence is stated (RFC 9110 §8.6).
    for (method, stated) in [
        ("POST", "content-length: 0\r\n"),
        ("PUT", "content-length: 0\r\n"),
        ("GET", ""),
    ] {
        for fields in ["", "Content-Length: 0\r\n"] {
            let request = format!("{method} /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            rows.push(
                row("9110 §8.6", format!("{method} {fields:?}"), request)
                    .forwards(format!("{method} /x HTTP/1.1\r\n{stated}\r\n")),
            );
        }
    }
    check(rows).await;
}

fn answered(name: &str, fields: &str, body: &str) -> Row {
    let response = format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}");
    row("9112 §6.3", name, get(""))
        .forwards(got(""))
        .answered(response)
}

#[tokio::test]
async fn lengths_of_responses() {
    let rows = LENGTHS.iter().map(|(length, good)| {
        let row = answered(length, &format!("Content-Length: {length}\r\n"), "hello");
        match good {
            true => row.gets("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
            false => row.fails(502),
        }
    });
    check(rows.collect()).await;
}

#[tokio::test]
async fn codings_of_responses() {
    const BODY: &str = "5\r\nhello\r\n0\r\n\r\n";
    let rows = CODINGS.iter().map(|(coding, status)| {
        let row = answered(coding, &format!("Transfer-Encoding: {coding}\r\n"), BODY);
        match status {
            0 => row.gets(format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{BODY}"
            )),
            _ => row.fails(502),
        }
    });
    let both = CODINGS.iter().map(|(coding, _)| {
        let fields = format!("Transfer-Encoding: {coding}\r\nContent-Length: 5\r\n");
        answered(&fields, &fields, BODY).fails(502)
    });
    check(rows.chain(both).collect()).await;
}

/// Codings have no place in HTTP/1.0 (RFC 9112 §6.1).
#[tokio::test]
async fn codings_in_http_1_0() {
    const BODY: &str = "5\r\nhello\r\n0\r\n\r\n";
    let mut rows = Vec::new();
    for fields in [
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n",
    ] {
        let request = format!("POST /x HTTP/1.0\r\nHost: a\r\n{fields}\r\n{BODY}");
        rows.push(row("9112 §6.1", format!("a request with {fields:?}"), request).refused(400));
        let response = format!("HTTP/1.0 200 OK\r\n{fields}\r\n{BODY}");
        rows.push(
            row("9112 §6.1", format!("a response with {fields:?}"), get(""))
                .forwards(got(""))
                .answered(response)
                .fails(502),
        );
    }
    check(rows).await;
}

/// Lengths that no sum may overflow, and bodies that end long before.
#[tokio::test]
async fn immense_lengths() {
    let lengths = [
        "18446744073709551615",
        "9223372036854775808",
        "9223372036854775807",
        "4294967296",
        "4294967295",
    ];
    let mut rows = Vec::new();
    for length in lengths {
        let sent = post(&format!("Content-Length: {length}\r\n"), "hello");
        rows.push(
            row("9112 §6.3", length, sent)
                .half_closes()
                .forwards_a_part()
                .refused(400),
        );
        rows.push(
            answered(length, "", "")
                .answered_and_closed(format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello"
                ))
                .cut(format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n"
                )),
        );
    }
    for size in ["7ffffffffffffff", "7fffffff", "ffffffff", "100000000"] {
        let body = format!("{size}\r\nhello");
        let sent = post("Transfer-Encoding: chunked\r\n", &body);
        rows.push(
            row("9112 §7.1", size, sent)
                .half_closes()
                .forwards_a_part()
                .refused(400),
        );
        rows.push(
            answered(size, "", "")
                .answered_and_closed(format!(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
                ))
                .cut("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        );
    }
    check(rows).await;
}
