//! What is settled before a handler runs: requests that must go no further, and those that are answered here.

use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode, Version};

use crate::body::Body;
use crate::error::{Error, ErrorKind};
use crate::fields::{Buffer, Fields, Name, Names};
use crate::handler::{ModifiableRequest, Response};
use crate::proxy::RouteSpec;
use crate::proxy::rewrite;

/// Fields that TRACE does not send back, though they came from whoever reads it: a script may not (RFC 9110 §9.3.8).
const SECRET: Names = Names::of(&[Name::Authorization, Name::Cookie, Name::ProxyAuthorization]);

/// The answer, if the request ends here.
pub(super) fn admit(
    request: &mut ModifiableRequest,
    route: &RouteSpec,
) -> Result<Option<Response>, Error> {
    if let Some(via) = &route.via
        && rewrite::was_here(request.fields(), via)
    {
        let what = "the request comes round in a circle: its Via names this proxy";
        return Err(Error::new(ErrorKind::LoopDetected, what));
    }
    if *request.method() == Method::CONNECT {
        connect(request, route)?;
    }
    expectation(request)?;
    match *request.method() {
        Method::OPTIONS | Method::TRACE => max_forwards(request, route),
        _ => Ok(None),
    }
}

/// A tunnel through an endpoint: only for routes that list CONNECT (RFC 9110 §9.3.6).
fn connect(request: &mut ModifiableRequest, route: &RouteSpec) -> Result<(), Error> {
    let bodyless = request.is_bodyless();
    let authority = request.uri().authority().cloned();
    let hop = request.hop_mut();
    match authority {
        Some(authority) if route.connect && hop.can_tunnel && bodyless => {
            hop.connect = Some(Box::new(authority));
            Ok(())
        }
        Some(_) if route.connect && hop.can_tunnel => {
            let what = "a CONNECT with a body";
            Err(Error::new(ErrorKind::BadRequest, what))
        }
        _ => {
            let what = "CONNECT asks for a tunnel, which the route does not offer";
            Err(Error::new(ErrorKind::MethodNotAllowed, what))
        }
    }
}

/// The one expectation there is (RFC 9110 §10.1.1). It means nothing in HTTP/1.0, nor where no content follows.
fn expectation(request: &mut ModifiableRequest) -> Result<(), Error> {
    let fields = request.fields();
    if !fields.has(Name::Expect) {
        return Ok(());
    }
    let known = is_continue(fields);
    let old = request.original().version < Version::HTTP_11;
    if !known && !old {
        let what = "the request expects something other than 100-continue";
        return Err(Error::new(ErrorKind::ExpectationFailed, what));
    }
    if old || request.is_bodyless() {
        request.headers_mut().edit().remove(Name::Expect);
        request.hop_mut().waits = false;
    }
    Ok(())
}

fn is_continue<B: Buffer>(fields: &Fields<B>) -> bool {
    let mut members = fields.members(Name::Expect);
    match (members.next(), members.next()) {
        (Some(one), None) => one.eq_ignore_ascii_case(b"100-continue"),
        _ => false,
    }
}

/// Counts the proxies a TRACE or OPTIONS may still pass; answered by the last (RFC 9110 §7.6.2).
fn max_forwards(
    request: &mut ModifiableRequest,
    route: &RouteSpec,
) -> Result<Option<Response>, Error> {
    let mut lines = request.fields().values(Name::MaxForwards);
    let left = match (lines.next(), lines.next()) {
        (None, _) => return Ok(None),
        (Some(line), None) => parse(line),
        (Some(_), Some(_)) => None,
    };
    drop(lines);
    match left {
        Some(0) if *request.method() == Method::TRACE => Ok(Some(traced(request))),
        Some(0) => Ok(Some(options(route))),
        Some(left) => {
            let left = (left - 1).to_string();
            let fields = request.headers_mut().edit();
            fields.set(Name::MaxForwards, left.as_bytes());
            Ok(None)
        }
        None => {
            let what = "Max-Forwards is not one number";
            Err(Error::new(ErrorKind::BadRequest, what))
        }
    }
}

/// `1*DIGIT`; more than fits is as good as the most that does.
fn parse(digits: &[u8]) -> Option<u32> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| {
        digits.iter().fold(0u32, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(u32::from(digit - b'0'))
        })
    })
}

fn options(route: &RouteSpec) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, route.allow.clone());
    response
}

/// The request as it arrived, for whoever wants to see what became of it on its way.
fn traced(request: &ModifiableRequest) -> Response {
    let mut seen = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    let mut fields = request.original().fields.clone();
    fields.remove_all(SECRET);
    fields.write(&mut seen);
    seen.extend_from_slice(b"\r\n");
    let mut response = Response::new(Body::from(seen));
    let kind = HeaderValue::from_static("message/http");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let rows = [
            ("0", Some(0)),
            ("10", Some(10)),
            ("007", Some(7)),
            ("99999999999999999999", Some(u32::MAX)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1, 2", None),
            ("x", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text.as_bytes()), expected, "{text}");
        }
    }
}
