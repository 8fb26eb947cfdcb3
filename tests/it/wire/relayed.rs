//! Interim responses that reach the client (RFC 9110 §15.2, RFC 8297): at once, with their end-to-end fields.

use dial_tests::{Gate, Script};

use super::row::{GOT, Row, check, going_on, row};
use super::{get, got, post, posted};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
const HINTS_GOT: &str = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";

fn answered(name: &str, interim: impl AsRef<str>) -> Row {
    row("9110 §15.2", name, get(""))
        .forwards(got(""))
        .answered(interim.as_ref().to_owned() + OK)
        .gets(GOT)
}

/// Before the endpoint has anything else to say (RFC 8297 §2).
#[tokio::test]
async fn at_once() {
    let mut rows = Vec::new();
    for request in [
        get(""),
        post("Content-Length: 5\r\n", "hello"),
        get("").replacen("GET", "QUERY", 1),
    ] {
        let gate = Gate::closed();
        let script = Script::new()
            .read_request()
            .write(HINTS)
            .wait(&gate)
            .write(OK);
        let forwarded =
            request
                .replacen("Host: a\r\n", "", 1)
                .replacen("Content-L", "content-l", 1);
        rows.push(
            row("8297 §2", request.escape_debug().to_string(), &request)
                .script(going_on(script))
                .head(HINTS_GOT)
                .opens(&gate)
                .forwards(forwarded)
                .gets(GOT),
        );
    }
    let (first, second) = (Gate::closed(), Gate::closed());
    let script = Script::new()
        .read_head()
        .write(HINTS)
        .wait(&first)
        .write("HTTP/1.1 102 Processing\r\n\r\n")
        .wait(&second)
        .write(OK);
    rows.push(
        row("9110 §15.2", "one after the other", get(""))
            .script(going_on(script))
            .head(HINTS_GOT)
            .opens(&first)
            .head("HTTP/1.1 102 Processing\r\n\r\n")
            .opens(&second)
            .forwards(got(""))
            .gets(GOT),
    );
    let gate = Gate::closed();
    let script = Script::new()
        .read_head()
        .write(HINTS)
        .wait(&gate)
        .read_exact(5)
        .write(OK);
    rows.push(
        row(
            "8297 §2",
            "within an upload",
            post("Content-Length: 5\r\n", ""),
        )
        .script(going_on(script))
        .head(HINTS_GOT)
        .sends("hello")
        .opens(&gate)
        .forwards(posted("content-length: 5\r\n", "hello"))
        .gets(GOT),
    );
    check(rows).await;
}

#[tokio::test]
async fn of_all_kinds() {
    let rows = vec![
        answered("103", HINTS).head(HINTS_GOT),
        answered("103 without fields", "HTTP/1.1 103 Early Hints\r\n\r\n").head("HTTP/1.1 103 Early Hints\r\n\r\n"),
        answered("102", "HTTP/1.1 102 Processing\r\n\r\n").head("HTTP/1.1 102 Processing\r\n\r\n"),
        answered("104", "HTTP/1.1 104 Whatever\r\nX-A: 1\r\n\r\n").head("HTTP/1.1 104 \r\nx-a: 1\r\n\r\n"),
        answered("199", "HTTP/1.1 199 \r\n\r\n").head("HTTP/1.1 199 \r\n\r\n"),
        answered("two", [HINTS, HINTS].concat()).head(HINTS_GOT).head(HINTS_GOT),
        answered("behind a 100 nobody waits for", format!("HTTP/1.1 100 Continue\r\n\r\n{HINTS}")).head(HINTS_GOT),
        answered("repeated fields", "HTTP/1.1 103 Early Hints\r\nLink: </b>\r\nLink: </a>\r\n\r\n")
            .head("HTTP/1.1 103 Early Hints\r\nlink: </b>\r\nlink: </a>\r\n\r\n"),
        // Fields of one connection, and a body there cannot be (RFC 9110 §7.6.1, §8.6).
        answered(
            "hop-by-hop fields",
            "HTTP/1.1 103 Early Hints\r\nConnection: X-A, keep-alive\r\nX-A: 1\r\nKeep-Alive: 1\r\nLink: </a>\r\n\r\n",
        )
        .head(HINTS_GOT),
        answered("a length", "HTTP/1.1 103 Early Hints\r\nContent-Length: 2\r\nLink: </a>\r\n\r\n").head(HINTS_GOT),
        answered("an upgrade", "HTTP/1.1 103 Early Hints\r\nUpgrade: x\r\nLink: </a>\r\n\r\n").head(HINTS_GOT),
        answered("cookies", "HTTP/1.1 103 Early Hints\r\nSet-Cookie: b=1\r\nSet-Cookie: a=1\r\n\r\n")
            .head("HTTP/1.1 103 Early Hints\r\nset-cookie: b=1\r\nset-cookie: a=1\r\n\r\n"),
        answered("chunks there are not", "HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\nLink: </a>\r\n\r\n")
            .head(HINTS_GOT),
        row("9112 §9.3.2", "to pipelined requests", get("X-A: 1\r\n") + &get("X-A: 2\r\n"))
            .forwards(got("x-a: 1\r\n"))
            .forwards(got("x-a: 2\r\n"))
            .answered(HINTS.to_owned() + OK)
            .head(HINTS_GOT)
            .until("\r\n\r\nok")
            .head(HINTS_GOT)
            .gets(GOT),
        row("9110 §15.2", "to HEAD", "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n")
            .forwards("HEAD /x HTTP/1.1\r\n\r\n")
            .answered(format!("{HINTS}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"))
            .head(HINTS_GOT)
            .gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"),
        row("9110 §15.2", "before chunks", get(""))
            .forwards(got(""))
            .answered(format!("{HINTS}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"))
            .head(HINTS_GOT)
            .gets("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        row("9110 §15.2", "before a 404", get(""))
            .forwards(got(""))
            .answered(format!("{HINTS}HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
            .head(HINTS_GOT)
            .gets("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
    ];
    check(rows).await;
}

/// A final response there is, whatever came before.
#[tokio::test]
async fn before_a_failure() {
    let hinted = |name: &str| {
        row("9110 §15.6.3", name, get(""))
            .forwards(got(""))
            .head(HINTS_GOT)
    };
    let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    let most = |count: usize| {
        let hinted = row("9110 §15.2", format!("{count} of them"), get("")).forwards(got(""));
        let hinted = hinted.answered(HINTS.repeat(count) + OK);
        (0..count.min(32)).fold(hinted, |row, _| row.head(HINTS_GOT))
    };
    let rows = vec![
        hinted("closed")
            .script(Script::new().read_head().write(HINTS))
            .fails(502),
        hinted("malformed")
            .answered(format!("{HINTS}HTTP/1.1 200 OK\r\nX\r\n\r\n"))
            .fails(502),
        hinted("a switch nobody asked for")
            .answered(format!("{HINTS}{switch}"))
            .fails(502),
        most(32).gets(GOT),
        most(33).fails(502),
    ];
    check(rows).await;
}
