//! Upgrade (RFC 9110 §7.8): only when asked, only after a 101 that says so, then bytes both ways.

use dial_tests::Script;

use super::row::{Row, check, row};
use super::{get, got, post, posted};

const SECTION: &str = "9110 §7.8";
const ASKED: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
const FORWARDED: &str = "connection: upgrade\r\nupgrade: websocket\r\n";
const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHED: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

fn asking(name: &str, fields: &str) -> Row {
    row(SECTION, name, get(fields))
}

fn switches() -> Script {
    Script::new().read_head().write(SWITCH)
}

#[tokio::test]
async fn tunnels() {
    let pong = || switches().read_until("ping").write("pong");
    let rows = vec![
        asking("bytes both ways", ASKED)
            .script(pong())
            .head(SWITCHED)
            .sends("ping")
            .exact("pong")
            .forwards(got(FORWARDED))
            .tunnels("ping")
            .closes(),
        asking("bytes behind the client's head", ASKED)
            .sends("ping")
            .script(pong())
            .head(SWITCHED)
            .exact("pong")
            .forwards(got(FORWARDED))
            .tunnels("ping")
            .closes(),
        asking("bytes behind the endpoint's head", ASKED)
            .script(Script::new().read_head().write(SWITCH.to_owned() + "hello"))
            .head(SWITCHED)
            .exact("hello")
            .forwards(got(FORWARDED))
            .closes(),
        asking("what looks like HTTP", ASKED)
            .script(switches().read_until(" HTTP/1.1").write("HTTP/1.1 200 OK\r\n\r\n"))
            .head(SWITCHED)
            .sends("GET /smuggled HTTP/1.1")
            .exact("HTTP/1.1 200 OK\r\n\r\n")
            .forwards(got(FORWARDED))
            .tunnels("GET /smuggled HTTP/1.1")
            .closes(),
        asking("the endpoint leaves at once", ASKED)
            .script(switches())
            .head(SWITCHED)
            .forwards(got(FORWARDED))
            .closes(),
        asking("the client ends its side", ASKED)
            .script(switches().hang())
            .head(SWITCHED)
            .half_closes()
            .forwards(got(FORWARDED))
            .closes(),
        asking("the client ends its side and still reads", ASKED)
            .script(switches().read_until("bye").write("later"))
            .head(SWITCHED)
            .sends("bye")
            .half_closes()
            .exact("later")
            .forwards(got(FORWARDED))
            .tunnels("bye")
            .closes(),
        asking("the endpoint ends its side and still reads", ASKED)
            .script(switches().write("x").half_close().hang())
            .head(SWITCHED)
            .exact("x")
            .forwards(got(FORWARDED))
            .closes(),
        asking("behind a 103", ASKED)
            .script(Script::new().read_head().write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".to_owned() + SWITCH))
            .head("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
            .head(SWITCHED)
            .forwards(got(FORWARDED))
            .closes(),
        asking("fields of the endpoint's connection", ASKED)
            .script(Script::new().read_head().write(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade, X-A\r\nUpgrade: websocket\r\nX-A: 1\r\nKeep-Alive: 5\r\n\r\n",
            ))
            .head(SWITCHED)
            .forwards(got(FORWARDED))
            .closes(),
        asking("lengths of bodies there are not", ASKED)
            .script(Script::new().read_head().write(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello!",
            ))
            .head(SWITCHED)
            .exact("hello!")
            .forwards(got(FORWARDED))
            .closes(),
        asking("fields of the handshake", &format!("{ASKED}Sec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n"))
            .script(Script::new().read_head().write(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: b\r\n\r\n",
            ))
            .head("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: b\r\n\r\n")
            .forwards(got(&format!("{FORWARDED}sec-websocket-key: a\r\nsec-websocket-version: 13\r\n")))
            .closes(),
    ];
    check(rows).await;
}

/// However the client says it.
#[tokio::test]
async fn asked_for() {
    let asked = [
        "Connection: upgrade\r\nUpgrade: websocket\r\n",
        "connection: UPGRADE\r\nupgrade: websocket\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
        "Upgrade: websocket\r\nConnection: ,upgrade ,\r\n",
        "Connection: Upgrade, X-A\r\nUpgrade: websocket\r\nX-A: 1\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: HTTP/2.0, websocket, TLS/1.2\r\n",
        "Connection: Upgrade\r\nUpgrade: H2C\r\nUpgrade: websocket\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c, websocket\r\nHTTP2-Settings: AAMAAABk\r\n",
    ];
    let rows = asked.map(|fields| {
        asking(&fields.escape_debug().to_string(), fields)
            .script(switches())
            .head(SWITCHED)
            .forwards(got(FORWARDED))
            .closes()
    });
    check(rows.to_vec()).await;
    // Tokens mean the same in any case.
    let mut rows = Vec::new();
    for (asked, answered) in [
        ("WebSocket", "websocket"),
        ("websocket", "WebSocket"),
        ("X-Proto/1", "x-proto/1"),
    ] {
        let fields = format!("Connection: upgrade\r\nUpgrade: {asked}\r\n");
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: {answered}\r\n\r\nhi"
        );
        rows.push(
            asking(&format!("{asked} and {answered}"), &fields)
                .script(Script::new().read_head().write(answer))
                .until("HTTP/1.1 101 ")
                .until("\r\n\r\nhi")
                .forwards(got(&format!("connection: upgrade\r\nupgrade: {asked}\r\n")))
                .closes(),
        );
    }
    check(rows).await;
}

/// What cannot be asked for through dial is not: another HTTP, TLS, or by a client that cannot switch.
#[tokio::test]
async fn not_asked_for() {
    let mut rows = Vec::new();
    for fields in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
        "Connection: Upgrade\r\nUpgrade: H2C\r\n",
        "Connection: Upgrade\r\nUpgrade: HTTP/2.0\r\n",
        "Connection: Upgrade\r\nUpgrade: http/3\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.3\r\n",
        "Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/1.1, h2c\r\n",
        "Connection: Upgrade\r\n",
        "Connection: Upgrade\r\nUpgrade:\r\n",
        "Upgrade: websocket\r\n",
        "Connection: keep-alive\r\nUpgrade: websocket\r\n",
        "Connection: upgraded\r\nUpgrade: websocket\r\n",
    ] {
        let name = fields.escape_debug().to_string();
        rows.push(asking(&name, fields).forwards(got("")));
        // What follows is a request, and nothing that was switched to.
        rows.push(
            row(SECTION, format!("{name} and more"), get(fields) + SMUGGLED)
                .forwards(got(""))
                .forwards("GET /smuggled HTTP/1.1\r\n\r\n"),
        );
        rows.push(
            asking(&format!("{name} and a 101"), fields)
                .forwards(got(""))
                .answered(SWITCH)
                .fails(502),
        );
    }
    let old = format!("GET /x HTTP/1.0\r\nHost: a\r\n{ASKED}\r\n");
    rows.push(
        row(SECTION, "HTTP/1.0", old)
            .forwards(got(""))
            .gets("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
            .closes(),
    );
    rows.push(
        row(
            SECTION,
            "with a body",
            post(&format!("{ASKED}Content-Length: 5\r\n"), "hello"),
        )
        .forwards(posted("content-length: 5\r\n", "hello")),
    );
    check(rows).await;
}

/// Any other answer is an answer: the connection stays what it was, and so does what came ahead (CVE-2026-2833).
#[tokio::test]
async fn declined() {
    let mut rows = Vec::new();
    for (answer, gets) in [
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            super::row::GOT,
        ),
        (
            "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nok",
            super::row::GOT,
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        ),
    ] {
        let declined = asking(answer, ASKED).forwards(got(FORWARDED));
        rows.push(declined.clone().answered(answer).gets(gets));
        rows.push(
            declined
                .sends(SMUGGLED)
                .answered(answer)
                .forwards("GET /smuggled HTTP/1.1\r\n\r\n")
                .gets(gets)
                .gets(gets),
        );
    }
    check(rows).await;
}

/// A switch to what nobody named is none.
#[tokio::test]
async fn other_switches() {
    let answers = [
        "Connection: upgrade\r\nUpgrade: other\r\n",
        "Connection: upgrade\r\nUpgrade: websocketx\r\n",
        "Connection: upgrade\r\nUpgrade: \"websocket\"\r\n",
        "Connection: upgrade\r\nUpgrade:\r\n",
        "Connection: upgrade\r\nUpgrade: h2c\r\n",
        "Connection: upgrade\r\n",
        "",
    ];
    let rows = answers.map(|fields| {
        let answer = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
        asking(&fields.escape_debug().to_string(), ASKED)
            .forwards(got(FORWARDED))
            .script(Script::new().read_head().write(answer).hang())
            .fails(502)
    });
    check(rows.to_vec()).await;
}

/// Where the operator wants none, it is a field of one connection like any other.
#[tokio::test]
async fn switched_off() {
    let off = |name: &str| {
        asking(name, ASKED)
            .router(|router| router.upgrade(false))
            .forwards(got(""))
    };
    let rows = vec![
        off("an answer"),
        off("a switch all the same").answered(SWITCH).fails(502),
        off("and what follows")
            .sends(SMUGGLED)
            .forwards("GET /smuggled HTTP/1.1\r\n\r\n"),
    ];
    check(rows).await;
}
