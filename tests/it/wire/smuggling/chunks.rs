//! Chunk lines and line ends that one reader takes for something else than the other: TERM.EXT, EXT.TERM, TERM.SPILL,
//! SPILL.TERM, ONE.TWO, TWO.ONE, and last chunks that are none.

use super::SMUGGLED;
use crate::wire::post;
use crate::wire::row::{check, row};

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// What one reader takes for a line end, and another does not.
const ENDS: [&str; 14] = [
    "\n", "\r", "\n\n", "\r\r", "\n\r", "\r\r\n", "\n\r\n", "\r\n\r", "\0", "\x0b", "\x0c",
    "\u{85}", "\u{2028}", "",
];

/// Within an extension: TERM.EXT and EXT.TERM.
#[tokio::test]
async fn in_extensions() {
    let mut rows = Vec::new();
    let ends = ENDS.iter().filter(|end| end.is_ascii() && !end.is_empty());
    // These end a line properly, and what follows is data.
    for end in ends.filter(|end| !end.starts_with("\r\n")) {
        for extension in [";", ";a", ";a=", ";a=\"", " ;", ";a=b;"] {
            let body = format!(
                "2{extension}{end}xx\r\n{:x}\r\n0\r\n\r\n{SMUGGLED}\r\n0\r\n\r\n",
                SMUGGLED.len() + 5
            );
            let name = format!("{extension}{}", end.escape_default());
            let row = row("9112 §7.1.1", name, post(CHUNKED, &body));
            rows.push(row.forwards_a_part().refused(400));
        }
    }
    check(rows).await;
}

/// Behind data: TERM.SPILL, SPILL.TERM, ONE.TWO and TWO.ONE.
#[tokio::test]
async fn behind_data() {
    let spilled = [
        "xx", "x", "x\r", "x\n", " \n", "\rx", "\nx", "0", "5", ";\n",
    ];
    let ends = ENDS
        .iter()
        .filter(|end| !end.starts_with("\r\n"))
        .chain(&spilled);
    let mut rows = Vec::new();
    for end in ends {
        let body = format!("5\r\nhello{end}0\r\n\r\n{SMUGGLED}");
        let row = row(
            "9112 §7.1",
            end.escape_default().to_string(),
            post(CHUNKED, &body),
        );
        rows.push(row.forwards_a_part().refused(400));
    }
    check(rows).await;
}

/// Behind a size, and behind the last.
#[tokio::test]
async fn behind_sizes() {
    let ends = ENDS
        .iter()
        .filter(|end| !end.starts_with("\r\n") && !end.is_empty());
    let mut rows = Vec::new();
    for end in ends {
        for body in [
            format!("5{end}hello\r\n0\r\n\r\n{SMUGGLED}"),
            format!("5\r\nhello\r\n0{end}\r\n{SMUGGLED}"),
            format!("5\r\nhello\r\n0\r\n{end}{SMUGGLED}"),
        ] {
            // A bare CR or LF in front of CRLF CRLF is no line end, and CRLF CRLF behind CR is.
            let name = body.escape_default().to_string();
            rows.push(
                row("9112 §7.1", name, post(CHUNKED, &body))
                    .forwards_a_part()
                    .refused(400),
            );
        }
    }
    check(rows).await;
}

/// Sizes that some wrap, cut off or read in another base.
#[tokio::test]
async fn sizes() {
    let sizes = [
        "0x0",
        "00x",
        "0 0",
        "0,",
        "+0",
        "-0",
        "-1",
        "0_",
        "0.0",
        "0;\n",
        "100000000",
        "100000000000000000",
        "10000000000000000",
        "ffffffffffffffff",
        "fffffffffffffffff",
        "80000000000000000",
        "0o0",
        "\"0\"",
    ];
    let mut rows = Vec::new();
    for size in sizes {
        let body = format!("{size}\r\n\r\n{SMUGGLED}");
        let row = row("9112 §7.1", size, post(CHUNKED, &body)).half_closes();
        rows.push(row.forwards_a_part().refused(400));
    }
    check(rows).await;
}

/// A bad chunk, and a second request that nobody may take for one.
#[tokio::test]
async fn a_request_behind_a_bad_chunk() {
    let bodies = [
        "g\r\n\r\n",
        "5\r\nhello",
        "5\r\nhello\r\n",
        "5\r\nhello\r\n5\r\n",
        "\r\n\r\n",
        "0",
        "0\r\nX",
        "0\r\n0\r\n\r\n",
        "0\r\n\0\r\n\r\n",
    ];
    let mut rows = Vec::new();
    for body in bodies {
        let request = post(CHUNKED, &format!("{body}{SMUGGLED}"));
        let row = row("9112 §8", body.escape_default().to_string(), request);
        rows.push(row.half_closes().forwards_a_part().refused(400));
    }
    check(rows).await;
}
