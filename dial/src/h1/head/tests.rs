use super::*;

const LIMITS: HeadLimits = HeadLimits {
    line: 256,
    bytes: 1024,
    fields: 16,
};

fn request(text: &str) -> Result<RequestHead, Malformed> {
    let (head, used) = RequestHead::parse(text.as_bytes(), &LIMITS)?.expect("a whole head");
    assert_eq!(used, text.len());
    Ok(head)
}

#[test]
fn targets_and_hosts() {
    let rows = [
        // first line, Host line, target, Host
        ("GET /a?b HTTP/1.1", "Host: h", "/a?b", "h"),
        ("GET //a HTTP/1.1", "Host: h:80", "//a", "h:80"),
        (
            "GET /%2e%2e/;x?? HTTP/1.1",
            "Host: [::1]:80",
            "/%2e%2e/;x??",
            "[::1]:80",
        ),
        ("GET /\\a HTTP/1.1", "Host: h", "/\\a", "h"),
        (
            "GET http://x.example:81/a?b HTTP/1.1",
            "Host: h",
            "/a?b",
            "x.example:81",
        ),
        ("GET HTTP://x.example HTTP/1.1", "Host: h", "/", "x.example"),
        (
            "GET http://x.example?q HTTP/1.1",
            "Host: h",
            "/?q",
            "x.example",
        ),
        ("OPTIONS * HTTP/1.1", "Host: h", "*", "h"),
        (
            "OPTIONS http://x.example HTTP/1.1",
            "Host: h",
            "*",
            "x.example",
        ),
        (
            "OPTIONS http://x.example/ HTTP/1.1",
            "Host: h",
            "/",
            "x.example",
        ),
        (
            "CONNECT x.example:443 HTTP/1.1",
            "Host: h",
            "x.example:443",
            "h",
        ),
        ("GET / HTTP/1.1", "Host:", "/", ""),
        ("GET / HTTP/1.0", "X: y", "/", "-"),
        ("GET / HTTP/1.2", "Host: h", "/", "h"),
        ("GET /HTTP/1.3 HTTP/1.9", "Host: h", "/HTTP/1.3", "h"),
    ];
    for (line, host, target, expected) in rows {
        let head = request(&format!("{line}\r\n{host}\r\n\r\n"))
            .unwrap_or_else(|bad| panic!("{line}: {bad:?}"));
        let sent = match head.uri.authority() {
            Some(authority) => authority.as_str(),
            None => head.uri.path_and_query().unwrap().as_str(),
        };
        assert_eq!(sent, target, "{line}");
        let host = head.fields.text("host").unwrap_or("-");
        assert_eq!(host, expected, "{line}");
    }
}

#[test]
fn what_is_refused() {
    let rows = [
        ("GET / HTTP/1.1\r\n\r\n", Malformed::Host),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            Malformed::Host,
        ),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", Malformed::Host),
        ("GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n", Malformed::Host),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Target),
        ("GET a HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Target),
        ("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Target),
        (
            "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            Malformed::Target,
        ),
        (
            "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
            Malformed::Target,
        ),
        (
            "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n",
            Malformed::Target,
        ),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Target),
        ("CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Target),
        ("CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Target),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", Malformed::Version),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Syntax),
        ("GET / HTTP/1.1\nHost: a\n\n", Malformed::Syntax),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", Malformed::Syntax),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Syntax),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", Malformed::Syntax),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", Malformed::Syntax),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", Malformed::Syntax),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
            Malformed::Syntax,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
            Malformed::Syntax,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n",
            Malformed::Syntax,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
            Malformed::Syntax,
        ),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
            Malformed::Syntax,
        ),
        ("G(T / HTTP/1.1\r\nHost: a\r\n\r\n", Malformed::Syntax),
        ("\x16\x03\x01\x02\x00", Malformed::Syntax),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            Malformed::Coding,
        ),
    ];
    for (text, expected) in rows {
        match request(text) {
            Err(refused) => assert_eq!(refused, expected, "{text:?}"),
            Ok(head) => panic!("{text:?} was read as {head:?}"),
        }
    }
}

#[test]
fn heads_are_bounded() {
    let long =
        |text: String| RequestHead::parse(text.as_bytes(), &LIMITS).map(|head| head.is_some());
    assert_eq!(
        long(format!("GET /{}", "a".repeat(300))),
        Err(Malformed::Line)
    );
    assert_eq!(
        long(format!(
            "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
            "a".repeat(300)
        )),
        Err(Malformed::Line)
    );
    let fields = "X: y\r\n".repeat(20);
    assert_eq!(
        long(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}")),
        Err(Malformed::Head)
    );
    let big = "b".repeat(1100);
    assert_eq!(
        long(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {big}")),
        Err(Malformed::Head)
    );
    assert_eq!(
        long(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {big}\r\n\r\n")),
        Err(Malformed::Head)
    );
    assert_eq!(
        long("GET / HTTP/1.1\r\nHost: a\r\nX:".to_owned()),
        Ok(false)
    );
    assert_eq!(long(String::new()), Ok(false));
}

#[test]
fn persistence() {
    let rows = [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        ("1.1", "Connection: x, Close\r\n", false),
        ("1.1", "Connection: x\r\nConnection: close\r\n", false),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ];
    for (version, fields, expected) in rows {
        let head = request(&format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n")).unwrap();
        assert_eq!(head.keep_alive, expected, "{version} {fields:?}");
    }
}

#[test]
fn responses() {
    let parse = |text: &str| {
        ResponseHead::parse(text.as_bytes(), &LIMITS).map(|head| head.map(|head| head.0))
    };
    let head = parse("HTTP/1.1 299 Odd reason\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n")
        .unwrap()
        .unwrap();
    assert_eq!(head.status, 299);
    assert_eq!(head.fields.values(Name::SetCookie).count(), 2);
    assert!(parse("HTTP/1.1 200\r\n\r\n").unwrap().is_some());
    assert!(parse("HTTP/1.1 200 OK\r\nA: b\r\n").unwrap().is_none());
    for bad in [
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
    ] {
        assert!(parse(bad).is_err(), "{bad:?}");
    }
}
