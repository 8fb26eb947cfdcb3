//! Answers before the request's body was read (RFC 9112 §9.3, §9.6): nothing of the body is ever taken for a request, on
//! either side (CVE-2025-4366).

use dial_tests::Script;

use super::row::{Row, check, row};
use super::{got, post};

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/// A request of which only `sent` comes of a body that is longer.
fn early(name: &str, fields: &str, sent: &str, answer: &str) -> Row {
    row("9112 §9.3", name, post(fields, sent))
        .forwards_a_part()
        .script(Script::new().read_head().write(answer).hang())
        .closes()
}

#[tokio::test]
async fn the_rest_of_a_body_is_no_request() {
    let answers = [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n",
            "ok",
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n",
            "no",
        ),
        (
            "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\n",
            "",
        ),
        (
            "HTTP/1.1 204 No Content\r\n\r\n",
            "HTTP/1.1 204 No Content\r\n",
            "",
        ),
        (
            "HTTP/1.1 304 Not Modified\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\n",
            "",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n",
            "2\r\nok\r\n0\r\n\r\n",
        ),
    ];
    let mut rows = Vec::new();
    for (answer, head, body) in answers {
        let gets = format!("{head}connection: close\r\n\r\n{body}");
        for (fields, sent) in [
            ("Content-Length: 1000\r\n", String::new()),
            ("Content-Length: 1000\r\n", SMUGGLED.to_owned()),
            ("Transfer-Encoding: chunked\r\n", String::new()),
            (
                "Transfer-Encoding: chunked\r\n",
                "3e8\r\n".to_owned() + SMUGGLED,
            ),
            (
                "Transfer-Encoding: chunked\r\n",
                format!("{:x}\r\n{SMUGGLED}\r\n", SMUGGLED.len()),
            ),
        ] {
            let name = format!("{answer:?} to {fields:?} {sent:?}");
            rows.push(early(&name, fields, &sent, answer).gets(&gets));
        }
    }
    check(rows).await;
}

/// The answer and the end of the endpoint's connection, before the body was sent.
#[tokio::test]
async fn an_endpoint_that_leaves() {
    let mut rows = Vec::new();
    for fields in ["Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let sent = row(
            "9112 §9.6",
            format!("answered, {fields:?}"),
            post(fields, ""),
        );
        rows.push(
            sent.forwards_a_part()
                .script(
                    Script::new()
                        .read_head()
                        .write("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
                        .half_close()
                        .hang(),
                )
                .gets("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
                .closes(),
        );
        rows.push(
            row(
                "9112 §9.6",
                format!("not answered, {fields:?}"),
                post(fields, ""),
            )
            .forwards_a_part()
            .script(Script::new().read_head())
            .fails(502)
            .closes(),
        );
    }
    check(rows).await;
}

/// A body that came whole is no obstacle: each connection goes on with the next request.
#[tokio::test]
async fn a_body_that_came_with_its_head() {
    let rows = vec![
        row(
            "9112 §9.3",
            "answered behind the head",
            post("Content-Length: 5\r\n", "hello"),
        )
        .forwards("POST /x HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello")
        .answered("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        .gets("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
        row(
            "9112 §9.3",
            "two in a row",
            post("Content-Length: 5\r\n", "hello") + &super::get(""),
        )
        .forwards("POST /x HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello")
        .forwards(got("")),
    ];
    check(rows).await;
}

/// dial's own answer comes before the body as well.
#[tokio::test]
async fn refused_before_the_body() {
    fn forward(request: dial::ModifiableRequest) -> dial::ModifiableRequest {
        request
    }
    let limited = |name: &str, fields: &str, body: &str| {
        let request = post(fields, body).replacen("/x", "/limited", 1);
        row("9110 §15.5.14", name, request).router(|router| {
            router.at(
                "/limited",
                dial::proxy(["127.0.0.1:9"], forward).body_limit(4),
            )
        })
    };
    let rows = vec![
        limited("announced and not there", "Content-Length: 1000\r\n", "")
            .fails(413)
            .closes(),
        limited(
            "announced and half there",
            "Content-Length: 1000\r\n",
            SMUGGLED,
        )
        .fails(413)
        .closes(),
        limited("whole", "Content-Length: 5\r\n", "hello").fails(413),
    ];
    check(rows).await;
}
