//! Fields that nobody touches arrive as they were sent: bytes, repetition and order within a name.

use dial::ModifiableRequest;
use dial_tests::{Origin, client};

use super::{arrived, expected, unchanged};
use crate::harness::Both;

struct Row {
    name: &'static str,
    sent: &'static [u8],
    arrives: &'static [(&'static str, &'static str)],
}

const ROWS: &[Row] = &[
    Row {
        name: "order within a name, RFC 9110 §5.3",
        sent: b"X-A: 3\r\nX-B: 1\r\nx-a: 1\r\nX-A: 2, 0\r\nx-b: 0\r\nX-A: 1\r\n",
        arrives: &[
            ("x-a", "3"),
            ("x-a", "1"),
            ("x-a", "2, 0"),
            ("x-a", "1"),
            ("x-b", "1"),
            ("x-b", "0"),
        ],
    },
    Row {
        name: "bytes beyond ASCII, RFC 9110 §5.5",
        sent: b"X-Latin: caf\xe9\r\nX-Utf8: \xc3\xbc\r\nX-Bytes: \x80\xff\r\n",
        arrives: &[("x-bytes", "\\x80\\xff"), ("x-latin", "caf\\xe9"), ("x-utf8", "\\xc3\\xbc")],
    },
    Row {
        name: "empty values, quotes, white space within",
        sent: b"X-Empty:\r\nX-Blank:   \r\nX-Quoted: \"a, b\\\"\"  c\t d\r\n",
        arrives: &[("x-blank", ""), ("x-empty", ""), ("x-quoted", "\\\"a, b\\\\\\\"\\\"  c\\t d")],
    },
    Row {
        name: "fields that mean something to others",
        sent: b"Accept-Encoding: br\r\nRange: bytes=0-1\r\nIf-None-Match: \"x\"\r\nCookie: a=1; b=2\r\n",
        arrives: &[
            ("accept-encoding", "br"),
            ("cookie", "a=1; b=2"),
            ("if-none-match", "\\\"x\\\""),
            ("range", "bytes=0-1"),
        ],
    },
    Row {
        name: "odd names, RFC 9110 §5.6.2",
        sent: b"!#$%&'*+-.^_`|~09: 1\r\n_: 2\r\n",
        arrives: &[("!#$%&'*+-.^_`|~09", "1"), ("_", "2")],
    },
];

/// Touches fields of other names.
fn edited(request: &mut ModifiableRequest) {
    request
        .set_header("X-New", "1")
        .remove_header("X-Absent")
        .remove_header("X-New");
}

#[tokio::test]
async fn fields_arrive_as_they_were_sent() {
    let origin = Origin::named("1");
    let proxies = [
        ("unchanged", dial::proxy([origin.url()], unchanged)),
        ("edited", dial::proxy([origin.url()], edited)),
    ];
    for (handler, proxy) in proxies {
        let both = Both::proxy(proxy).await;
        for (home, addr) in both.homes() {
            for row in ROWS {
                let raw = [b"GET /x HTTP/1.1\r\nHost: a\r\n", row.sent, b"\r\n"].concat();
                let at = format!("{}, {handler}, {home}", row.name);
                assert_eq!(client::request(addr, raw).await.status, 200, "{at}");
                assert_eq!(arrived(&origin), expected(row.arrives), "{at}");
            }
        }
    }
}

/// A client may send many fields; all of them arrive.
#[tokio::test]
async fn many_fields_arrive() {
    let origin = Origin::named("1");
    let both = Both::proxy(dial::proxy([origin.url()], unchanged)).await;
    let names: Vec<_> = (10..90).map(|number| format!("x-{number}")).collect();
    let fields = names
        .iter()
        .map(|name| format!("{name}: value of {name}\r\n"));
    let fields: Vec<_> = fields.collect();
    let fields = fields.concat();
    for (home, addr) in both.homes() {
        let raw = format!("GET /x HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        assert_eq!(client::request(addr, raw).await.status, 200, "{home}");
        let values = names
            .iter()
            .map(|name| (name.clone(), format!("value of {name}")));
        assert_eq!(arrived(&origin), values.collect::<Vec<_>>(), "{home}");
    }
}
