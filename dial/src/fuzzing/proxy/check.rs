//! What must hold of an exchange, whatever was said in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::super::input::may_trail;
use super::super::strict::{self, Fault, Field, Framing, all};
use super::play::{Received, Seen};

/// Never passed on, in either direction.
const REMOVED: [&str; 5] = [
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
];

/// `client` is what the client sent; `origin` is where dial sent it to.
pub(super) fn check(client: &[u8], seen: &Seen, origin: SocketAddr) {
    let asked = request_lines(client);
    let mut forwarded = 0;
    for one in &seen.origin {
        forwarded += check_received(client, one, origin);
    }
    assert!(
        forwarded <= asked + seen.silent,
        "{forwarded} requests were forwarded and {asked} sent\n{seen:?}"
    );
    let answered = check_answers(client, seen, forwarded > 0);
    // What is no request is refused, once.
    assert!(
        answered <= asked + 1,
        "{answered} responses to {asked} requests\n{seen:?}"
    );
}

/// How many lines look like those that begin a request.
fn request_lines(client: &[u8]) -> usize {
    let lines = client
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end);
    let is_request = |line: &&[u8]| {
        matches!(
            line,
            [
                ..,
                b' ',
                b'H',
                b'T',
                b'T',
                b'P',
                b'/',
                b'1',
                b'.',
                b'0'..=b'9'
            ]
        )
    };
    lines.filter(is_request).count()
}

/// What came over one connection is one request after another; only the last may be cut short. Says how many.
fn check_received(client: &[u8], received: &Received, origin: SocketAddr) -> usize {
    let end = received.tunnel.unwrap_or(received.bytes.len());
    let mut rest = &received.bytes[..end];
    let mut count = 0;
    while !rest.is_empty() {
        count += 1;
        let read = strict::request(rest).and_then(|head| {
            check_request(client, &head, origin);
            let framing = strict::framing(&head.fields)?.unwrap_or(Framing::Exact(0));
            let content = strict::content(&rest[head.used..], framing, false)?;
            assert!(
                content.data.len() <= client.len(),
                "more content than was sent"
            );
            check_trailers(&content);
            Ok(head.used + content.used)
        });
        match read {
            Ok(used) => rest = &rest[used..],
            Err(Fault::Partial) => break,
            Err(bad) => panic!(
                "{bad:?} in what the origin received: `{}`",
                rest.escape_ascii()
            ),
        }
    }
    count
}

fn check_request(client: &[u8], head: &strict::Request, origin: SocketAddr) {
    let shown = format!("{head:?}");
    let text = |name: &str| all(&head.fields, name);
    assert_eq!(head.minor, 1, "{shown}");
    assert_eq!(text("host"), [origin.to_string().as_bytes()], "{shown}");
    assert_eq!(
        text("x-forwarded-for"),
        [origin.ip().to_string().as_bytes()],
        "{shown}"
    );
    assert_eq!(text("x-real-ip"), text("x-forwarded-for"), "{shown}");
    assert!(text("forwarded").is_empty(), "{shown}");
    // Whoever names it already went round in a circle.
    let lines = text("via");
    let members = lines
        .iter()
        .flat_map(|line| line.split(|byte| *byte == b','));
    let named = members.map(|member| received_by(member) == Some(super::NAME.as_bytes()));
    let named: Vec<_> = named.collect();
    assert_eq!(
        named.iter().position(|named| *named),
        Some(named.len() - 1),
        "{shown}"
    );
    for name in REMOVED {
        assert!(text(name).is_empty(), "{shown}");
    }
    let mut options = Vec::new();
    if let [te] = *text("te") {
        assert_eq!(te, b"trailers", "{shown}");
        options.push("te");
    }
    if let [protocols] = *text("upgrade") {
        for protocol in protocols.to_ascii_lowercase().split(|byte| *byte == b',') {
            let name = protocol.trim_ascii().split(|byte| *byte == b'/').next();
            let hidden = [&b"h2c"[..], b"http", b"tls"].contains(&name.unwrap_or_default());
            assert!(!hidden, "{shown}");
        }
        options.push("upgrade");
    }
    let options = options.join(", ").into_bytes();
    let expected = Some(options.as_slice()).filter(|options| !options.is_empty());
    assert_eq!(text("connection"), Vec::from_iter(expected), "{shown}");
    let target = head.target.strip_prefix(b"/");
    let piece = match target {
        None => {
            let other = head.target == b"*" && head.method == "OPTIONS" || head.method == "CONNECT";
            assert!(other, "{shown}");
            &head.target[..]
        }
        Some(path) => path,
    };
    let was_sent =
        |piece: &[u8]| piece.is_empty() || client.windows(piece.len()).any(|part| part == piece);
    assert!(was_sent(piece) || head.method == "OPTIONS", "{shown}");
    assert!(was_sent(format!("{} ", head.method).as_bytes()), "{shown}");
}

/// RFC 9110 §7.6.3.
fn received_by(member: &[u8]) -> Option<&[u8]> {
    let words = member.split(|byte| matches!(byte, b' ' | b'\t'));
    words.filter(|word| !word.is_empty()).nth(1)
}

/// What the client received is one response after another. Says how many; interim ones are not counted.
///
/// Only the client knows which request was a HEAD, so where there may have been one, both readings are followed.
fn check_answers(client: &[u8], seen: &Seen, forwarded: bool) -> usize {
    let holds = |text: &[u8]| client.windows(text.len()).any(|part| part == text);
    let (head, old) = (holds(b"HEAD "), holds(b" HTTP/1.0"));
    let tunnels = seen.origin.iter().any(|one| one.tunnel.is_some());
    let bytes = &seen.client;
    let may_be_cut = forwarded || seen.reset;
    let mut reached = BTreeMap::from([(0, 0)]);
    // How many responses there are if all are whole, and if the last is not.
    let (mut whole, mut cut, mut wrong) = (None, None, Vec::new());
    while let Some((at, count)) = reached.pop_first() {
        if at == bytes.len() {
            whole = Some(count);
            break;
        }
        let response = match strict::response(&bytes[at..]) {
            Ok(response) => response,
            // A response that cannot go on must not look whole.
            Err(Fault::Partial) if may_be_cut && is_begun(&bytes[at..]) => {
                cut = Some(count + 1);
                continue;
            }
            Err(fault) => {
                wrong.push((at, fault));
                continue;
            }
        };
        let behind = at + response.used;
        check_response(&response, tunnels);
        if response.status == 101 {
            whole = Some(count + 1);
            break;
        }
        if response.status < 200 {
            reached.insert(behind, count);
            continue;
        }
        let bodiless = matches!(response.status, 204 | 304);
        let framing = match strict::framing(&response.fields) {
            Ok(framing) => framing,
            Err(fault) => panic!("{fault:?}\n{seen:?}"),
        };
        if head || bodiless {
            reached.insert(behind, count + 1);
        }
        let last = all(&response.fields, "connection") == [b"close"];
        let framing = match framing {
            _ if bodiless => continue,
            None if old && last => Framing::UntilClose,
            None if head => continue,
            None => panic!("a response without a length\n{seen:?}"),
            Some(framing) => framing,
        };
        match strict::content(&bytes[behind..], framing, false) {
            Ok(content) => {
                check_trailers(&content);
                reached.insert(behind + content.used, count + 1);
            }
            Err(Fault::Partial) if may_be_cut => cut = Some(count + 1),
            Err(fault) => wrong.push((behind, fault)),
        }
    }
    whole
        .or(cut)
        .unwrap_or_else(|| panic!("{wrong:?}\n{seen:?}"))
}

/// Whether the bytes may be the beginning of a response.
fn is_begun(bytes: &[u8]) -> bool {
    let begin = b"HTTP/1.1 ";
    bytes.starts_with(begin) || begin.starts_with(bytes)
}

fn check_response(response: &strict::Response, tunnels: bool) {
    let text = |name: &str| -> Vec<&[u8]> { all(&response.fields, name) };
    for name in REMOVED.iter().chain(&["te"]) {
        assert!(text(name).is_empty(), "{response:?}");
    }
    let (interim, switch) = (response.status < 200, response.status == 101);
    assert!(
        interim || text("date").len() == 1 || several_dates(&response.fields),
        "{response:?}"
    );
    let framed = !text("content-length").is_empty() || !text("transfer-encoding").is_empty();
    assert!(
        !framed || !interim && response.status != 204,
        "{response:?}"
    );
    assert_eq!(text("upgrade").len(), usize::from(switch), "{response:?}");
    assert!(tunnels || !switch, "{response:?}");
    match *text("connection") {
        [] => assert!(!switch, "{response:?}"),
        [b"upgrade"] => assert!(switch, "{response:?}"),
        [b"close" | b"keep-alive"] => assert!(!interim, "{response:?}"),
        _ => panic!("{response:?}"),
    }
}

fn check_trailers(content: &strict::Content) {
    for (name, _) in &content.trailers {
        assert!(may_trail(name), "{name} behind a body");
    }
}

/// An origin that sends several is no worse for being passed on.
fn several_dates(fields: &[Field]) -> bool {
    all(fields, "date").len() > 1
}
