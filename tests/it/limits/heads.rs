//! How large a request's head may be (RFC 9110 §15.5.15, RFC 6585 §5).

use dial::ServerBuilder;
use dial_tests::{Ending, Origin, RawClient};

use super::served;

struct Row {
    name: &'static str,
    options: fn(ServerBuilder) -> ServerBuilder,
    /// A head of that size.
    head: fn(usize) -> String,
    most: usize,
    refused: u16,
}

/// A first line of `size` bytes, without its end.
fn line(size: usize) -> String {
    let target = "a".repeat(size - "GET / HTTP/1.1".len());
    format!("GET /{target} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// A head of `size` bytes.
fn bytes(size: usize) -> String {
    let around = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".len();
    let value = "a".repeat(size - around);
    format!("GET / HTTP/1.1\r\nHost: a\r\nX: {value}\r\n\r\n")
}

/// A head of `count` fields.
fn fields(count: usize) -> String {
    let more: Vec<_> = (1..count)
        .map(|number| format!("X-{number}: a\r\n"))
        .collect();
    let more = more.concat();
    format!("GET / HTTP/1.1\r\nHost: a\r\n{more}\r\n")
}

const ROWS: [Row; 8] = [
    Row {
        name: "line",
        options: |builder| builder.max_request_line(100),
        head: line,
        most: 100,
        refused: 414,
    },
    Row {
        name: "line by default",
        options: |builder| builder,
        head: line,
        most: 16 * 1024,
        refused: 414,
    },
    Row {
        name: "line, longer than the whole head may be",
        options: |builder| builder.max_request_line(100).max_header_bytes(110),
        head: line,
        most: 97,
        refused: 431,
    },
    Row {
        name: "bytes",
        options: |builder| builder.max_header_bytes(300),
        head: bytes,
        most: 300,
        refused: 431,
    },
    Row {
        name: "bytes by default",
        options: |builder| builder,
        head: bytes,
        most: 64 * 1024,
        refused: 431,
    },
    Row {
        name: "fields",
        options: |builder| builder.max_headers(3),
        head: fields,
        most: 3,
        refused: 431,
    },
    Row {
        name: "fields by default",
        options: |builder| builder,
        head: fields,
        most: 128,
        refused: 431,
    },
    Row {
        name: "as many fields as there can be",
        options: |builder| builder.max_headers(usize::MAX),
        head: fields,
        most: 256,
        refused: 431,
    },
];

/// To the byte, and whether it comes in one piece or drips in.
#[tokio::test]
async fn a_head_may_be_so_large_and_no_larger() {
    for row in ROWS {
        let origin = Origin::named("1");
        let served = served(&origin, row.options);
        let head = (row.head)(row.most);
        let large = (row.head)(row.most + 1);
        for piece in [usize::MAX, 1000, 7] {
            let what = format!("{}, {piece} bytes at a time", row.name);
            if head.len() / piece > 1000 {
                continue;
            }
            let mut client = RawClient::connect(served.addr).await;
            for _ in 0..2 {
                for piece in head.as_bytes().chunks(piece) {
                    client.send(piece).await;
                }
                assert_eq!(client.read_response().await.status, 200, "{what}");
            }
            let asked = origin.count();
            for piece in large.as_bytes().chunks(piece) {
                client.send(piece).await;
            }
            assert_eq!(client.read_response().await.status, row.refused, "{what}");
            assert_eq!(client.closed().await, Ending::Closed, "{what}");
            assert_eq!(origin.count(), asked, "{what}");
        }
    }
}
