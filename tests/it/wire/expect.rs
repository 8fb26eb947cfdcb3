//! Expect from end to end (RFC 9110 §10.1.1): the upload waits for the endpoint's word, or for a timer.

use std::time::Duration;

use dial::Timeouts;
use dial_tests::Script;

use super::row::{GOT, Row, check, going_on, row};
use super::{get, got, post, posted};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const SIZED: &str = "Expect: 100-continue\r\nContent-Length: 5\r\n";
const CHUNKED: &str = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n";
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/// Runs out soon, and is sure to.
const SOON: Duration = Duration::from_millis(50);

fn expecting(name: &str, fields: &str) -> Row {
    row("9110 §10.1.1", name, post(fields, ""))
}

fn sized(body: &str) -> String {
    posted("expect: 100-continue\r\ncontent-length: 5\r\n", body)
}

/// The endpoint asks for the body, the client is told, and only then is there a body.
#[tokio::test]
async fn asked_for() {
    let asks = || Script::new().read_head().write(CONTINUE);
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    let rows = vec![
        expecting("a length", SIZED)
            .script(going_on(asks().read_exact(5).write(OK)))
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .gets(GOT),
        expecting("chunks", CHUNKED)
            .script(going_on(asks().read_until("0\r\n\r\n").write(OK)))
            .head(CONTINUE)
            .sends(chunks)
            .forwards(posted(
                "expect: 100-continue\r\ntransfer-encoding: chunked\r\n",
                chunks,
            ))
            .gets(GOT),
        expecting(
            "in other letters",
            "Expect: 100-Continue\r\nContent-Length: 5\r\n",
        )
        .script(going_on(asks().read_exact(5).write(OK)))
        .head(CONTINUE)
        .sends("hello")
        .forwards(posted(
            "expect: 100-Continue\r\ncontent-length: 5\r\n",
            "hello",
        ))
        .gets(GOT),
        expecting("and refused then", SIZED)
            .script(going_on(
                asks()
                    .read_exact(5)
                    .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
            ))
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .gets("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
        expecting("twice, and told once", SIZED)
            .script(going_on(asks().write(CONTINUE).read_exact(5).write(OK)))
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .gets(GOT),
        expecting("behind a 103", SIZED)
            .script(going_on(
                Script::new()
                    .read_head()
                    .write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
                    .write(CONTINUE)
                    .read_exact(5)
                    .write(OK),
            ))
            .head("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .gets(GOT),
        expecting("and a second request behind the body", SIZED)
            .script(going_on(
                asks().read_exact(5).write(OK).read_request().write(OK),
            ))
            .head(CONTINUE)
            .sends("hello".to_owned() + &get(""))
            .forwards(sized("hello"))
            .forwards(got(""))
            .gets(GOT)
            .gets(GOT),
        expecting("of an endpoint that ends with its answer", SIZED)
            .script(
                asks()
                    .read_exact(5)
                    .write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
            )
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .gets(GOT),
        expecting("and broken off", SIZED)
            .script(asks().hang())
            .head(CONTINUE)
            .sends("hel")
            .half_closes()
            .forwards_a_part()
            .refused(400),
    ];
    check(rows).await;
}

/// The endpoint says nothing: some do not know Expect, and the body is not held back for ever.
#[tokio::test]
async fn not_asked_for() {
    let script = || Script::new().read_head();
    let silence = |name: &str, fields: &str| {
        expecting(name, fields).router(|router| router.timeouts(Timeouts::default().expect(SOON)))
    };
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    let rows = vec![
        silence("a length", SIZED)
            .script(going_on(script().read_exact(5).write(OK)))
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .gets(GOT),
        silence("chunks", CHUNKED)
            .script(going_on(script().read_until("0\r\n\r\n").write(OK)))
            .head(CONTINUE)
            .sends(chunks)
            .forwards(posted(
                "expect: 100-continue\r\ntransfer-encoding: chunked\r\n",
                chunks,
            ))
            .gets(GOT),
        // A client that was told once is not told again.
        silence("a late 100", SIZED)
            .script(going_on(script().read_exact(5).write(CONTINUE).write(OK)))
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .gets(GOT),
        silence("and the endpoint leaves", SIZED)
            .script(script().read_exact(5))
            .head(CONTINUE)
            .sends("hello")
            .forwards(sized("hello"))
            .fails(502),
    ];
    check(rows).await;
}

/// A final response is there before the body: the client gets it and no 100, and nothing that follows is a request.
#[tokio::test]
async fn answered_without_the_body() {
    let mut rows = Vec::new();
    for (status, line) in [
        (200, "200 OK"),
        (401, "401 Unauthorized"),
        (403, "403 Forbidden"),
        (413, "413 Payload Too Large"),
        (417, "417 Expectation Failed"),
        (503, "503 Service Unavailable"),
    ] {
        for (fields, later) in [
            (SIZED, ""),
            (CHUNKED, ""),
            (SIZED, SMUGGLED),
            (CHUNKED, SMUGGLED),
        ] {
            let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 2\r\n\r\nok");
            rows.push(
                expecting(&format!("{status} to {fields:?} {later:?}"), fields)
                    .script(Script::new().read_head().write(answer).hang())
                    .until("\r\n\r\nok")
                    .sends(later)
                    .forwards_a_part()
                    .closes(),
            );
            let gets =
                format!("HTTP/1.1 {line}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
            let answer = format!("HTTP/1.1 {line}\r\nContent-Length: 2\r\n\r\nok");
            rows.push(
                expecting(&format!("{status} to {fields:?}"), fields)
                    .script(Script::new().read_head().write(answer).hang())
                    .forwards_a_part()
                    .gets(gets)
                    .closes(),
            );
        }
    }
    for script in [Script::new().read_head(), Script::new().read_head().reset()] {
        rows.push(
            expecting("the endpoint leaves", SIZED)
                .script(script)
                .forwards_a_part()
                .fails(502)
                .closes(),
        );
    }
    check(rows).await;
}

/// A client that does not wait is not made to.
#[tokio::test]
async fn a_body_behind_the_head() {
    let script = || going_on(Script::new().read_head().read_exact(5).write(OK));
    let rows = vec![
        row("9110 §10.1.1", "all of it", post(SIZED, "hello"))
            .script(script())
            .forwards(sized("hello"))
            .gets(GOT),
        row("9110 §10.1.1", "half of it", post(SIZED, "he"))
            .script(script())
            .sends("llo")
            .forwards(sized("hello"))
            .gets(GOT),
        row(
            "9110 §10.1.1",
            "and a second request",
            post(SIZED, "hello") + &get(""),
        )
        .script(
            Script::new()
                .read_head()
                .read_exact(5)
                .write(OK)
                .read_head()
                .write(OK)
                .read_head()
                .write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nagain"),
        )
        .forwards(sized("hello"))
        .forwards(got(""))
        .gets(GOT)
        .gets(GOT),
    ];
    check(rows).await;
}

/// What dial itself refuses needs no body, and asks for none.
#[tokio::test]
async fn refused_by_dial() {
    let mut rows = Vec::new();
    // Sent only once the answer is there: it is too late to be the body, and no request either.
    for later in ["", SMUGGLED, "hello"] {
        rows.push(
            expecting(&format!("too large, {later:?}"), SIZED)
                .router(|router| router.body_limit(4))
                .until("connection: close\r\n\r\nPayload Too Large")
                .sends(later)
                .closes(),
        );
        rows.push(
            expecting(
                &format!("a loop, {later:?}"),
                &format!("Via: 1.1 dial\r\n{SIZED}"),
            )
            .until("connection: close\r\n\r\nLoop Detected")
            .sends(later)
            .closes(),
        );
    }
    rows.push(
        expecting("nobody listens", SIZED)
            .nobody()
            .forwards_a_part()
            .refused(502),
    );
    check(rows).await;
}

/// Nothing to wait for: no content, or a client that cannot be told (RFC 9110 §10.1.1).
#[tokio::test]
async fn removed() {
    let closed = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let rows = vec![
        row("9110 §10.1.1", "GET", get("Expect: 100-continue\r\n")).forwards(got("")),
        row(
            "9110 §10.1.1",
            "no length",
            post("Expect: 100-continue\r\n", ""),
        )
        .forwards(posted("content-length: 0\r\n", "")),
        row(
            "9110 §10.1.1",
            "a length of nothing",
            post("Expect: 100-continue\r\nContent-Length: 0\r\n", ""),
        )
        .forwards(posted("content-length: 0\r\n", "")),
        row(
            "9110 §10.1.1",
            "HTTP/1.0",
            "POST /x HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        )
        .forwards(posted("content-length: 5\r\n", "hello"))
        .gets(closed)
        .closes(),
        row(
            "9110 §10.1.1",
            "what is behind is a request",
            get("Expect: 100-continue\r\n") + SMUGGLED,
        )
        .forwards(got(""))
        .forwards("GET /smuggled HTTP/1.1\r\n\r\n"),
    ];
    check(rows).await;
}

/// What nobody knows cannot be met (RFC 9110 §15.5.18).
#[tokio::test]
async fn other_expectations() {
    let values = [
        "x",
        "200-ok",
        "100-continue, x",
        "x, 100-continue",
        "y 100-continue",
        "100-continue y",
        "100-continue=1",
        "100-continue;q=1",
        "100-continued",
        "100",
        "continue",
        "\"100-continue\"",
        "100-continue\r\nExpect: x",
        "x\r\nExpect: 100-continue",
    ];
    let mut rows = Vec::new();
    for value in values {
        let fields = format!("Expect: {value}\r\n");
        rows.push(row("9110 §15.5.18", value, get(&fields)).fails(417));
        let fields = format!("{fields}Content-Length: 36\r\n");
        rows.push(
            row(
                "9110 §15.5.18",
                format!("{value}, with a body"),
                post(&fields, ""),
            )
            .refused(417),
        );
    }
    for line in [
        "Expect : 100-continue",
        " Expect: 100-continue",
        "Expect: 100-\r\n continue",
        "Expect: 100-continue\0",
        "Expect\r: x",
    ] {
        let request = post(&format!("{line}\r\nContent-Length: 36\r\n"), SMUGGLED);
        rows.push(row("9112 §5.1", line.escape_default().to_string(), request).refused(400));
    }
    check(rows).await;
}
