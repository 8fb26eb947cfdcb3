//! A second reader of HTTP/1.1, written from the grammar of RFC 9110 and RFC 9112 alone and without dial's own or any other
//! parser: what it reads, everybody reads in the same way. Whatever could be understood differently is [`Fault::Bad`].

/// Why bytes are not a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// They may become one if more follow.
    Partial,
    Bad(&'static str),
}

pub(super) type Read<T> = Result<T, Fault>;

/// A field line: its name in lower case, its value without white space around it.
pub(super) type Field = (String, Vec<u8>);

#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: Vec<u8>,
    pub(super) minor: u8,
    pub(super) fields: Vec<Field>,
    /// How many bytes the head has.
    pub(super) used: usize,
}

#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) fields: Vec<Field>,
    pub(super) used: usize,
}

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Exact(u64),
    Chunked,
    UntilClose,
}

#[derive(Debug)]
pub(super) struct Content {
    pub(super) data: Vec<u8>,
    pub(super) trailers: Vec<Field>,
    /// How many bytes it has, framing included.
    pub(super) used: usize,
}

/// The head of a request (RFC 9112 §3).
pub(super) fn request(bytes: &[u8]) -> Read<Request> {
    let (line, start) = line(bytes)?;
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Fault::Bad("a request line has three words"));
    };
    if !is_token(method) {
        return Err(Fault::Bad("a method is a token"));
    }
    // Bytes beyond ASCII are no URI, but no two readers part over them.
    if target.is_empty()
        || target
            .iter()
            .any(|byte| *byte <= b' ' || matches!(byte, 0x7f | b'#'))
    {
        return Err(Fault::Bad("a byte that no target has"));
    }
    let minor = match version {
        b"HTTP/1.0" => 0,
        // A later one is read as the latest that is known (RFC 9110 §2.5).
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => 1,
        _ => return Err(Fault::Bad("another version")),
    };
    let (fields, end) = fields(&bytes[start..])?;
    Ok(Request {
        method: text(method),
        target: target.to_vec(),
        minor,
        fields,
        used: start + end,
    })
}

/// The head of a response (RFC 9112 §4).
pub(super) fn response(bytes: &[u8]) -> Read<Response> {
    let (line, start) = line(bytes)?;
    let [
        b'H',
        b'T',
        b'T',
        b'P',
        b'/',
        b'1',
        b'.',
        b'1',
        b' ',
        status @ ..,
    ] = line
    else {
        return Err(Fault::Bad("a status line begins with HTTP/1.1"));
    };
    let [
        a @ b'1'..=b'9',
        b @ b'0'..=b'9',
        c @ b'0'..=b'9',
        b' ',
        reason @ ..,
    ] = status
    else {
        return Err(Fault::Bad("a status has three digits and a space"));
    };
    if !is_value(reason) {
        return Err(Fault::Bad("a byte that no reason has"));
    }
    let digit = |byte: u8| u16::from(byte - b'0');
    let (fields, end) = fields(&bytes[start..])?;
    Ok(Response {
        status: digit(*a) * 100 + digit(*b) * 10 + digit(*c),
        fields,
        used: start + end,
    })
}

/// What the fields say of the length; `None` if they say nothing (RFC 9112 §6.3).
pub(super) fn framing(fields: &[Field]) -> Read<Option<Framing>> {
    let coding = all(fields, "transfer-encoding");
    let length = all(fields, "content-length");
    match (&*coding, &*length) {
        ([], []) => Ok(None),
        ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Some(Framing::Chunked)),
        ([], [digits]) => {
            let length = digits.iter().try_fold(0u64, |length, digit| match digit {
                b'0'..=b'9' => length.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
                _ => None,
            });
            match length {
                Some(length) if !digits.is_empty() => Ok(Some(Framing::Exact(length))),
                _ => Err(Fault::Bad("a Content-Length is a number")),
            }
        }
        ([_], []) => Err(Fault::Bad("a coding other than chunked")),
        _ => Err(Fault::Bad("a message has one length")),
    }
}

/// A body. `extensions` is whether chunks may have them: dial reads over them and writes none.
pub(super) fn content(bytes: &[u8], framing: Framing, extensions: bool) -> Read<Content> {
    let (data, trailers, used) = match framing {
        Framing::UntilClose => (bytes.to_vec(), Vec::new(), bytes.len()),
        Framing::Exact(length) => {
            let length = usize::try_from(length).map_err(|_| Fault::Partial)?;
            let data = bytes.get(..length).ok_or(Fault::Partial)?;
            (data.to_vec(), Vec::new(), length)
        }
        Framing::Chunked => return chunks(bytes, extensions),
    };
    Ok(Content {
        data,
        trailers,
        used,
    })
}

/// RFC 9112 §7.1.
fn chunks(bytes: &[u8], extensions: bool) -> Read<Content> {
    let (mut data, mut at) = (Vec::new(), 0);
    loop {
        let (line, used) = line(&bytes[at..])?;
        at += used;
        let digits = line
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let (digits, rest) = line.split_at(digits);
        let blank = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let extended = extensions && rest.get(blank) == Some(&b';') && is_value(rest);
        if digits.is_empty() || !(rest.is_empty() || extended) {
            return Err(Fault::Bad("a chunk begins with its size"));
        }
        let size = digits.iter().try_fold(0u64, |size, digit| {
            let digit = char::from(*digit).to_digit(16)?;
            size.checked_mul(16)?.checked_add(digit.into())
        });
        let size = size.ok_or(Fault::Bad("a chunk is too large"))?;
        if size == 0 {
            let (trailers, used) = fields(&bytes[at..])?;
            return Ok(Content {
                data,
                trailers,
                used: at + used,
            });
        }
        let size = usize::try_from(size).map_err(|_| Fault::Partial)?;
        data.extend(bytes[at..].get(..size).ok_or(Fault::Partial)?);
        at += size;
        match &bytes[at..] {
            [b'\r', b'\n', ..] => at += 2,
            [] | [b'\r'] => return Err(Fault::Partial),
            _ => return Err(Fault::Bad("a chunk ends with a line end")),
        }
    }
}

/// Field lines up to an empty one (RFC 9112 §5).
fn fields(bytes: &[u8]) -> Read<(Vec<Field>, usize)> {
    let (mut fields, mut at) = (Vec::new(), 0);
    loop {
        let (line, used) = line(&bytes[at..])?;
        at += used;
        if line.is_empty() {
            return Ok((fields, at));
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.ok_or(Fault::Bad("a field without a colon"))?);
        if !is_token(name) {
            return Err(Fault::Bad("a field name is a token"));
        }
        if !is_value(&value[1..]) {
            return Err(Fault::Bad("a byte that no value has"));
        }
        fields.push((
            text(name).to_ascii_lowercase(),
            trimmed(&value[1..]).to_vec(),
        ));
    }
}

/// One line without its CRLF, and how many bytes it has with it.
fn line(bytes: &[u8]) -> Read<(&[u8], usize)> {
    let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return Err(Fault::Partial);
    };
    match &bytes[end..] {
        [b'\r', b'\n', ..] => Ok((&bytes[..end], end + 2)),
        [b'\r'] => Err(Fault::Partial),
        _ => Err(Fault::Bad("a line ends with CRLF")),
    }
}

/// The values of one field.
pub(super) fn all<'a>(fields: &'a [Field], name: &str) -> Vec<&'a [u8]> {
    let named = fields.iter().filter(|(known, _)| known == name);
    named.map(|(_, value)| &**value).collect()
}

/// RFC 9110 §5.6.2.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    let mark = |byte: &u8| b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty()
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
}

/// RFC 9110 §5.5: no control character but a tab.
fn is_value(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| *byte == b'\t' || !byte.is_ascii_control())
}

fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
