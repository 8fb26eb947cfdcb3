//! Hooks: edits of the response, by the request and by the route, and answers to failures.

use std::sync::{Arc, Mutex};

use dial::{
    Body, Decision, ErrorKind, IntoDecision, ModifiableRequest, Response, Router, StatusCode,
};
use dial_tests::{Answer, ClosedPort, Origin, client};

use super::{ask, unchanged};
use crate::harness::{Both, Served};

/// Appends to a field that tells who was here, in order.
fn sign(response: &mut Response, name: &str) {
    let value = name.parse().expect("a header value");
    response.headers_mut().append("x-hooks", value);
}

#[tokio::test]
async fn hooks_run_in_order_and_the_routes_comes_last() {
    let origin = Origin::answering(|_| Answer::ok("1").header("X-Hooks", "origin"));
    let handler = |request: &mut ModifiableRequest| {
        request.on_response(|response| sign(response, "first"));
        request.on_response(|response| sign(response, "second"));
    };
    let proxy =
        dial::proxy([origin.url()], handler).on_response(|response| sign(response, "route"));
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        let response = client::get(addr, "/x").await;
        let signed = response.headers.all("x-hooks");
        assert_eq!(signed, ["origin", "first", "second", "route"], "{home}");
        assert_eq!(response.text(), "1", "{home}");
    }
}

/// A hook sees the response without what belongs to the origin's connection (RFC 9110 §7.6.1), and may change
/// whatever is left.
#[tokio::test]
async fn a_hook_sees_and_changes_the_response() {
    let origin = Origin::answering(|_| {
        let answer = Answer::new(201)
            .header("X-A", "1")
            .header("X-A", "2")
            .header("Server", "old");
        answer
            .header("Connection", "X-Internal")
            .header("X-Internal", "1")
            .body("made")
    });
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let hook = move |response: &mut Response| {
        let names = response.headers().keys().map(ToString::to_string);
        let names: Vec<_> = names
            .filter(|name| name.contains("connection") || name.contains("internal"))
            .collect();
        told.lock()
            .expect("not poisoned")
            .push((response.status(), names));
        *response.status_mut() = StatusCode::ACCEPTED;
        response.headers_mut().remove("server");
        let last = response
            .headers()
            .get_all("x-a")
            .iter()
            .next_back()
            .cloned();
        response
            .headers_mut()
            .insert("x-last", last.expect("two values"));
    };
    let both = Both::proxy(dial::proxy([origin.url()], unchanged).on_response(hook)).await;
    for (home, addr) in both.homes() {
        let response = client::get(addr, "/x").await;
        assert_eq!((response.status, response.text()), (202, "made"), "{home}");
        assert_eq!(
            (
                response.headers.get("server"),
                response.headers.get("x-last")
            ),
            (None, Some("2")),
            "{home}"
        );
    }
    let seen = seen.lock().expect("not poisoned");
    assert_eq!(
        *seen,
        [(StatusCode::CREATED, vec![]), (StatusCode::CREATED, vec![])]
    );
}

/// A hook may refuse the response; what it says is the answer, and later hooks have nothing to edit.
#[tokio::test]
async fn a_hook_may_refuse_the_response() {
    let origin = Origin::named("1");
    let handler = |request: &mut ModifiableRequest| {
        let refuse = request.header("x-refuse").is_some();
        request.on_response(move |_| match refuse {
            true => Err((StatusCode::NOT_ACCEPTABLE, "refused by the request")),
            false => Ok(()),
        });
    };
    let route = |response: &mut Response| -> Result<(), dial::BoxError> {
        sign(response, "route");
        match response.headers().contains_key("content-type") {
            true => Err("secret hunter2".into()),
            false => Ok(()),
        }
    };
    let proxy = dial::proxy([origin.url()], handler).on_response(route);
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        let response = ask(addr, "/x", "X-Refuse: 1\r\n").await;
        assert_eq!(
            (response.status, response.text()),
            (406, "refused by the request"),
            "{home}"
        );
        assert_eq!(response.headers.get("x-hooks"), None, "{home}");
        let response = ask(addr, "/x", "").await;
        assert_eq!(
            (response.status, response.text()),
            (500, "Internal Server Error"),
            "{home}"
        );
    }
}

/// Hooks edit what endpoints say: not the handler's own answers, nor dial's.
#[tokio::test]
async fn hooks_are_for_responses_of_endpoints() {
    let closed = ClosedPort::new();
    let handler = |mut request: ModifiableRequest| {
        if request.header("x-answer").is_some() {
            return Decision::Respond(Response::new(Body::from("answered")));
        }
        request.on_response(|response| sign(response, "request"));
        request.into_decision()
    };
    let proxy = dial::proxy([closed.addr().to_string()], handler)
        .on_response(|response| sign(response, "route"));
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        let answered = ask(addr, "/x", "X-Answer: 1\r\n").await;
        assert_eq!(
            (answered.text(), answered.headers.get("x-hooks")),
            ("answered", None),
            "{home}"
        );
        let failed = ask(addr, "/x", "").await;
        assert_eq!(
            (failed.status, failed.headers.get("x-hooks")),
            (502, None),
            "{home}"
        );
    }
}

/// The hook for errors is told what happened and may replace the answer.
#[tokio::test]
async fn an_error_can_be_answered_in_another_way() {
    let closed = ClosedPort::new();
    let handler = |mut request: ModifiableRequest| match request.header("x-fail") {
        Some("handler") => request.set_header("bad name", "1").build(),
        Some("panic") => panic!("on request"),
        _ => request.build(),
    };
    let hook = |error: &dial::Error, response: &mut Response| {
        assert_eq!(response.status(), error.status());
        let (kind, side, sent) = (error.kind(), error.side(), error.request_sent());
        *response.body_mut() = Body::from(format!("{kind:?} {side:?} {sent:?}"));
        if kind == ErrorKind::Connect {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
                .headers_mut()
                .insert("retry-after", "1".parse().expect("a value"));
        }
    };
    let proxy = dial::proxy([closed.addr().to_string()], handler)
        .on_error(hook)
        .body_limit(1);
    let both = Both::proxy(proxy).await;
    let rows = [
        ("", 503, "Connect Upstream No", Some("1")),
        ("X-Fail: handler\r\n", 500, "Handler Internal No", None),
        (
            "X-Fail: panic\r\n",
            500,
            "HandlerPanicked Internal No",
            None,
        ),
        (
            "Content-Length: 2\r\n",
            413,
            "BodyTooLarge Downstream No",
            None,
        ),
    ];
    for (home, addr) in both.homes() {
        for (fields, status, body, retry) in rows {
            let response = ask(addr, "/x", fields).await;
            assert_eq!(
                (response.status, response.text()),
                (status, body),
                "{fields}, {home}"
            );
            assert_eq!(
                response.headers.get("retry-after"),
                retry,
                "{fields}, {home}"
            );
        }
    }
}

/// An answer the handler chose is no failure.
#[tokio::test]
async fn a_chosen_answer_is_no_error() {
    let handler = |_: ModifiableRequest| -> Result<ModifiableRequest, StatusCode> {
        Err(StatusCode::BAD_GATEWAY)
    };
    let proxy =
        dial::proxy(["unused.test"], handler).on_error(|_, response| sign(response, "error"));
    let both = Both::proxy(proxy).await;
    for (home, addr) in both.homes() {
        let response = client::get(addr, "/x").await;
        assert_eq!(
            (response.status, response.headers.get("x-hooks")),
            (502, None),
            "{home}"
        );
    }
}

/// The router's hook answers where a route has none, and where there is no route.
#[tokio::test]
async fn the_routers_error_hook_is_for_the_rest() {
    let closed = ClosedPort::new();
    let proxy = dial::proxy([closed.addr().to_string()], unchanged);
    let own = proxy
        .clone()
        .on_error(|_, response| sign(response, "route"));
    let router = Router::new().at("/own", own).at("/plain", proxy);
    let served = Served::router(router.on_error(|error, response| {
        sign(response, &format!("router {:?}", error.kind()));
    }));
    let rows = [
        ("/own", 502, "route"),
        ("/plain", 502, "router Connect"),
        ("/nowhere", 404, "router NotFound"),
    ];
    for (target, status, signed) in rows {
        let response = client::get(served.addr, target).await;
        assert_eq!(
            (response.status, response.headers.get("x-hooks")),
            (status, Some(signed)),
            "{target}"
        );
    }
}
