//! A handler's own errors: an answer of its choice, or a logged 500 that tells nothing.

use std::fmt;

use dial::{
    Body, BoxError, IntoReject, ModifiableRequest, Outbound, ProxyService, Reject, Response,
    StatusCode,
};
use dial_tests::{ClosedPort, Log, Origin, client};

use super::{refused, unchanged};
use crate::harness::{Axum, Both};

#[derive(Debug)]
struct Secret;

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("password hunter2 at 10.0.0.1")
    }
}

impl std::error::Error for Secret {}

/// An error type of the user's own.
enum Denied {
    NoToken,
    Broken,
}

impl IntoReject for Denied {
    fn into_reject(self) -> Reject {
        match self {
            Self::NoToken => (StatusCode::FORBIDDEN, "no token").into_reject(),
            Self::Broken => BoxError::from(Secret).into_reject(),
        }
    }
}

fn teapot() -> Response {
    let response = http::Response::builder().status(418).header("X-Pot", "1");
    response
        .body(Body::from("short and stout"))
        .expect("a valid response")
}

fn status(_: ModifiableRequest) -> Result<Outbound, StatusCode> {
    Err(StatusCode::PAYMENT_REQUIRED)
}

fn text(_: ModifiableRequest) -> Result<ModifiableRequest, (StatusCode, &'static str)> {
    Err((StatusCode::CONFLICT, "taken"))
}

fn owned_text(_: &mut ModifiableRequest) -> Result<(), (StatusCode, String)> {
    Err((StatusCode::GONE, format!("gone since {}", 1999)))
}

async fn response(_: ModifiableRequest) -> Result<Response, Response> {
    Err(teapot())
}

async fn own(_: &mut ModifiableRequest) -> Result<(), Denied> {
    Err(Denied::NoToken)
}

fn own_broken(_: ModifiableRequest) -> Result<Outbound, Denied> {
    Err(Denied::Broken)
}

fn boxed(_: &mut ModifiableRequest) -> Result<(), BoxError> {
    let number: u8 = "hunter2".parse()?;
    panic!("{number}");
}

async fn boxed_async(_: ModifiableRequest) -> Result<Outbound, BoxError> {
    Err(Secret)?
}

async fn boxed_dial(mut request: ModifiableRequest) -> Result<Outbound, BoxError> {
    Ok(request.set_header("bad name", "hunter2").build()?)
}

fn reject(_: ModifiableRequest) -> Result<Outbound, Reject> {
    Err(teapot().into_reject())
}

#[tokio::test]
async fn an_error_says_how_to_answer() {
    let origin = Origin::named("1");
    let url = origin.url();
    let rows = [
        (
            "StatusCode",
            dial::proxy([&url], status),
            402,
            "Payment Required",
        ),
        ("status and text", dial::proxy([&url], text), 409, "taken"),
        (
            "status and owned text",
            dial::proxy([&url], owned_text),
            410,
            "gone since 1999",
        ),
        (
            "Response",
            dial::proxy([&url], response),
            418,
            "short and stout",
        ),
        (
            "Reject",
            dial::proxy([&url], reject),
            418,
            "short and stout",
        ),
        (
            "a type of one's own",
            dial::proxy([&url], own),
            403,
            "no token",
        ),
    ];
    for (row, proxy, status, body) in rows {
        let response = refused(proxy, &origin, row).await;
        assert_eq!((response.status, response.text()), (status, body), "{row}");
    }
}

#[tokio::test]
async fn what_went_wrong_inside_is_for_the_log() {
    let origin = Origin::named("1");
    let url = origin.url();
    let rows = [
        ("rejects_boxed", dial::proxy([&url], boxed), "invalid digit"),
        (
            "rejects_boxed_async",
            dial::proxy([&url], boxed_async),
            "hunter2",
        ),
        (
            "rejects_boxed_dial",
            dial::proxy([&url], boxed_dial),
            "header name",
        ),
        ("rejects_own", dial::proxy([&url], own_broken), "hunter2"),
    ];
    for (row, proxy, logged) in rows {
        let log = Log::of("dial");
        let response = refused(proxy.name(row), &origin, row).await;
        assert_eq!(
            (response.status, response.text()),
            (500, "Internal Server Error"),
            "{row}"
        );
        let line = super::logged(&log, row);
        assert!(line.contains(logged), "{row}: {line}");
    }
}

/// Every body that dial writes itself is the name of its status: no addresses, names, causes.
#[tokio::test]
async fn an_error_body_is_the_name_of_its_status() {
    let closed = ClosedPort::new();
    let gone = closed.addr().to_string();
    let closing = Origin::raw(dial_tests::Script::new().read_head());
    let garbage = Origin::raw(
        dial_tests::Script::new()
            .read_head()
            .write("hunter2 is not HTTP\r\n\r\n"),
    );
    let empty = dial::proxy(["unused.test"], unchanged);
    empty
        .upstream()
        .set_hosts([""; 0])
        .expect("an empty list at runtime");
    let rows: Vec<(&str, ProxyService, u16, &str)> = vec![
        (
            "refused",
            dial::proxy([&gone], unchanged),
            502,
            "Bad Gateway",
        ),
        (
            "not resolved",
            dial::proxy(["hunter2.invalid"], unchanged),
            502,
            "Bad Gateway",
        ),
        (
            "closed",
            dial::proxy([closing.url()], unchanged),
            502,
            "Bad Gateway",
        ),
        (
            "garbage",
            dial::proxy([garbage.url()], unchanged),
            502,
            "Bad Gateway",
        ),
        ("no endpoint", empty, 503, "Service Unavailable"),
        (
            "handler",
            dial::proxy([&gone], own_broken),
            500,
            "Internal Server Error",
        ),
    ];
    for (row, proxy, status, body) in rows {
        let both = Both::proxy(proxy).await;
        for (home, addr) in both.homes() {
            let response = client::get(addr, "/x").await;
            assert_eq!(
                (response.status, response.text()),
                (status, body),
                "{row}, {home}"
            );
            let raw = String::from_utf8_lossy(&response.raw).into_owned();
            assert!(
                !raw.contains("hunter2") && !raw.contains(&gone),
                "{row}, {home}: {raw}"
            );
            assert_eq!(
                response.headers.get("content-type"),
                Some("text/plain; charset=utf-8"),
                "{row}"
            );
        }
    }
}

/// The name of the route tells whoever reads the log where to look.
#[tokio::test]
async fn a_failing_endpoint_is_a_warning_with_its_address() {
    let closed = ClosedPort::new();
    let log = Log::of("dial");
    let proxy = dial::proxy([closed.addr().to_string()], unchanged).name("failing_endpoint");
    let axum = Axum::proxy(proxy).await;
    assert_eq!(client::get(axum.addr, "/x").await.status, 502);
    let line = log.line(&closed.addr().to_string()).await;
    let lines = log.lines("failing_endpoint");
    let warning = lines.iter().find(|line| line.contains("WARN"));
    let warning = warning.unwrap_or_else(|| panic!("no warning: {line}, {lines:?}"));
    assert!(warning.contains(&closed.addr().to_string()), "{warning}");
}
