//! Transfer-Encoding in disguise, in each family: CL.TE, TE.CL, TE.TE, TE.0.

use super::SMUGGLED;
use crate::wire::row::{Row, check, row};

/// How a line can be disguised, and what it is answered with when it is the only word about the body; 0 where there is
/// no disguise: white space around a value, and case, mean nothing (RFC 9110 §5.1, §5.5).
const VARIANTS: [(&[u8], u16); 86] = [
    // No disguise.
    (b"Transfer-Encoding: chunked", 0),
    (b"transfer-encoding: chunked", 0),
    (b"TRANSFER-ENCODING: CHUNKED", 0),
    (b"TrAnSfEr-EnCoDiNg: cHuNkEd", 0),
    (b"Transfer-Encoding:chunked", 0),
    (b"Transfer-Encoding:\tchunked", 0),
    (b"Transfer-Encoding:    chunked   ", 0),
    (b"Transfer-Encoding: \t chunked\t", 0),
    // The name.
    (b"Transfer-Encoding : chunked", 400),
    (b"Transfer-Encoding\t: chunked", 400),
    (b"Transfer-Encoding\x0b: chunked", 400),
    (b"Transfer-Encoding\0: chunked", 400),
    (b"Transfer-Encoding\xa0: chunked", 400),
    (b"Transfer-Encoding\r: chunked", 400),
    (b"Transfer-Encoding\n: chunked", 400),
    (b"Transfer-Encoding\r\n: chunked", 400),
    (b"Transfer-Encoding\r\n : chunked", 400),
    (b"Transfer-Encoding;: chunked", 400),
    (b"Transfer-Encoding=chunked", 400),
    (b"Transfer-Encoding chunked", 400),
    (b"Transfer-Encoding", 400),
    (b"Transfer Encoding: chunked", 400),
    (b"Transfer-\0Encoding: chunked", 400),
    (b"Transfer\r\n-Encoding: chunked", 400),
    (b"Transfer\xad-Encoding: chunked", 400),
    (b"Transfer\xe2\x80\x90Encoding: chunked", 400),
    (b" Transfer-Encoding: chunked", 400),
    (b"\tTransfer-Encoding: chunked", 400),
    (b"\x0bTransfer-Encoding: chunked", 400),
    (b"\0Transfer-Encoding: chunked", 400),
    (b"\xffTransfer-Encoding: chunked", 400),
    (b"\xef\xbb\xbfTransfer-Encoding: chunked", 400),
    (b": Transfer-Encoding: chunked", 400),
    (b"(Transfer-Encoding): chunked", 400),
    (b"\"Transfer-Encoding\": chunked", 400),
    // Line ends.
    (b"X-A: 1\nTransfer-Encoding: chunked", 400),
    (b"X-A: 1\rTransfer-Encoding: chunked", 400),
    (b"X-A: 1\r\n\rTransfer-Encoding: chunked", 400),
    (b"X-A: 1\n\rTransfer-Encoding: chunked", 400),
    (b"X-A: 1\r\r\nTransfer-Encoding: chunked", 400),
    (b"X-A: 1\r\n Transfer-Encoding: chunked", 400),
    (b"X-A: 1\0\r\nTransfer-Encoding: chunked", 400),
    (b"Transfer-Encoding: chunked\n", 400),
    (b"Transfer-Encoding: chunked\nX-A: 1", 400),
    (b"Transfer-Encoding: chunked\r", 400),
    (b"Transfer-Encoding: chunked\rX-A: 1", 400),
    (b"Transfer-Encoding:\r\n chunked", 400),
    (b"Transfer-Encoding:\r\n\tchunked", 400),
    (b"Transfer-Encoding:\rchunked", 400),
    (b"Transfer-Encoding:\nchunked", 400),
    (b"Transfer-Encoding: chunked\r\n x", 400),
    (b"Transfer-Encoding: x\r\n chunked", 400),
    // The value.
    (b"Transfer-Encoding:", 400),
    (b"Transfer-Encoding: \x0bchunked", 400),
    (b"Transfer-Encoding: \x0cchunked", 400),
    (b"Transfer-Encoding: \0chunked", 400),
    (b"Transfer-Encoding: chunked\x0b", 400),
    (b"Transfer-Encoding: chunked\x1f", 400),
    (b"Transfer-Encoding: chunked\0", 400),
    (b"Transfer-Encoding: chun\0ked", 400),
    (b"Transfer-Encoding: chunked\x7f", 400),
    (b"Transfer-Encoding: chunked\x85", 400),
    (b"Transfer-Encoding: \xa0chunked", 400),
    (b"Transfer-Encoding: \xffchunked", 400),
    (b"Transfer-Encoding: chunk\xc4\x99d", 400),
    (b"Transfer-Encoding: \"chunked\"", 400),
    (b"Transfer-Encoding: 'chunked'", 400),
    (b"Transfer-Encoding: \\chunked", 400),
    (b"Transfer-Encoding: (chunked)", 400),
    (b"Transfer-Encoding: %63hunked", 400),
    (b"Transfer-Encoding: =?utf-8?q?chunked?=", 400),
    (b"Transfer-Encoding: xchunked", 400),
    (b"Transfer-Encoding: chunked1", 400),
    (b"Transfer-Encoding: chunk", 400),
    (b"Transfer-Encoding: chu nked", 400),
    (b"Transfer-Encoding: chunked chunked", 400),
    (b"Transfer-Encoding: chunked;", 400),
    (b"Transfer-Encoding: chunked;a=b", 400),
    (b"Transfer-Encoding: chunked, identity", 400),
    (b"Transfer-Encoding: chunked,", 400),
    (b"Transfer-Encoding: ,chunked", 400),
    (b"Transfer-Encoding: , chunked", 400),
    // A coding before chunked that is not spoken here (RFC 9112 §6.1).
    (b"Transfer-Encoding: identity, chunked", 501),
    (b"Transfer-Encoding: cow, chunked", 501),
    (b"Transfer-Encoding: cow,chunked", 501),
    (b"Transfer-Encoding: \"x\", chunked", 501),
];

/// Fields that are not Transfer-Encoding, however much they look like it.
const OTHERS: [&str; 8] = [
    "Transfer_Encoding: chunked",
    "TransferEncoding: chunked",
    "Transfer-Encoding-: chunked",
    "~Transfer-Encoding: chunked",
    "X-Transfer-Encoding: chunked",
    "Transfer.Encoding: chunked",
    "Content-Encoding: chunked",
    "Transfer-Encoding1: chunked",
];

fn request(section: &'static str, before: &str, line: &[u8], after: &str, body: &str) -> Row {
    let name = [before.as_bytes(), line, after.as_bytes()].concat();
    let name = name.escape_ascii().to_string();
    let head = ["POST /x HTTP/1.1\r\nHost: a\r\n", before].concat();
    let rest = ["\r\n", after, "\r\n", body].concat();
    row(
        section,
        name,
        [head.as_bytes(), line, rest.as_bytes()].concat(),
    )
}

/// With any other word about the body there is no doubt.
fn beside(status: u16) -> u16 {
    status.max(400)
}

#[tokio::test]
async fn alone() {
    let body = "5\r\nhello\r\n0\r\n\r\n";
    let rows = VARIANTS.iter().map(|(line, status)| {
        let row = request("9112 §6.1", "", line, "", body);
        match status {
            0 => row.forwards(format!(
                "POST /x HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n{body}"
            )),
            status => row.refused(*status),
        }
    });
    check(rows.collect()).await;
}

#[tokio::test]
async fn cl_te() {
    let body = format!("0\r\n\r\n{SMUGGLED}");
    let length = format!("Content-Length: {}\r\n", body.len());
    let rows = VARIANTS.iter().flat_map(|(line, status)| {
        let first = request("9112 §6.3", &length, line, "", &body);
        let last = request("9112 §6.3", "", line, &length, &body);
        [first, last].map(|row| row.refused(beside(*status)))
    });
    check(rows.collect()).await;
}

#[tokio::test]
async fn te_cl() {
    let body = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let rows = VARIANTS.iter().map(|(line, status)| {
        request("9112 §6.3", "Content-Length: 4\r\n", line, "", &body).refused(beside(*status))
    });
    check(rows.collect()).await;
}

#[tokio::test]
async fn te_te() {
    let body = format!("0\r\n\r\n{SMUGGLED}");
    let good = "Transfer-Encoding: chunked\r\n";
    let rows = VARIANTS.iter().flat_map(|(line, _)| {
        let first = request("9112 §6.1", good, line, "", &body);
        let last = request("9112 §6.1", "", line, good, &body);
        [first, last].map(|row| row.refused(400))
    });
    check(rows.collect()).await;
}

/// The endpoint overlooks the body: it belongs to its request all the same.
#[tokio::test]
async fn te_0() {
    let body = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let mut rows = Vec::new();
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "POST"] {
        let head = format!("{method} /x HTTP/1.1\r\n");
        let request = format!("{head}Host: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        rows.push(
            row("9112 §6.3", format!("TE.0 with {method}"), request)
                .forwards(format!("{head}transfer-encoding: chunked\r\n\r\n{body}"))
                .answered(ok)
                .gets(ok),
        );
    }
    check(rows).await;
}

/// They pass, and the body is as long as Content-Length says.
#[tokio::test]
async fn other_fields() {
    let body = format!("0\r\n\r\n{SMUGGLED}");
    let length = format!("Content-Length: {}\r\n", body.len());
    let rows = OTHERS.iter().map(|line| {
        let passed = line.to_ascii_lowercase();
        let forwarded = format!(
            "POST /x HTTP/1.1\r\n{passed}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        request("9110 §5.1", &length, line.as_bytes(), "", &body).forwards(forwarded)
    });
    check(rows.collect()).await;
}

/// Connection does not make a framing field disappear (RFC 9110 §7.6.1).
#[tokio::test]
async fn named_by_connection() {
    let body = format!("0\r\n\r\n{SMUGGLED}");
    let mut rows = Vec::new();
    for name in [
        "Transfer-Encoding",
        "Content-Length",
        "transfer-encoding, content-length",
        "TE",
    ] {
        let connection = format!("Connection: {name}\r\n");
        let both = format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n",
            body.len()
        );
        let head = format!("POST /x HTTP/1.1\r\nHost: a\r\n{connection}");
        rows.push(
            row(
                "9112 §6.3",
                connection.clone(),
                format!("{head}{both}\r\n{body}"),
            )
            .refused(400),
        );
        rows.push(
            row(
                "9110 §7.6.1",
                connection.clone(),
                format!("{head}Content-Length: 5\r\n\r\nhello"),
            )
            .forwards("POST /x HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello"),
        );
        let chunked = "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
        rows.push(
            row("9110 §7.6.1", connection, format!("{head}{chunked}")).forwards(
                "POST /x HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ),
        );
    }
    check(rows).await;
}
