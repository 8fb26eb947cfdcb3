//! Every shape of a handler, as a function and as a closure.
#![allow(
    clippy::needless_pass_by_value,
    clippy::result_large_err,
    clippy::unnecessary_wraps,
    reason = "what a handler takes and returns is what is tested"
)]

use dial::{
    Body, ClientAddr, Decision, HeaderMap, Method, ModifiableRequest, Outbound, ProxyService,
    Response, State, StatusCode,
};
use dial_tests::{Origin, client};

use crate::harness::Both;

/// What a shape does with a request: it is forwarded with a mark, or answered.
const MARK: &str = "x-shape";
const ANSWER: &str = "answered by the handler";

fn marked(request: &mut ModifiableRequest) -> &mut ModifiableRequest {
    request.set_header(MARK, "1")
}

fn answer() -> Response {
    Response::new(Body::from(ANSWER))
}

// `request: ModifiableRequest`

fn result(mut request: ModifiableRequest) -> dial::Result {
    marked(&mut request).build()
}

fn outbound(mut request: ModifiableRequest) -> Outbound {
    marked(&mut request).build().expect("a valid request")
}

fn request(mut request: ModifiableRequest) -> ModifiableRequest {
    marked(&mut request);
    request
}

fn response(_: ModifiableRequest) -> Response {
    answer()
}

fn decision(request: ModifiableRequest) -> Decision {
    Decision::Forward(outbound(request))
}

fn result_of_outbound(request: ModifiableRequest) -> Result<Outbound, StatusCode> {
    Ok(outbound(request))
}

fn result_of_request(
    request: ModifiableRequest,
) -> Result<ModifiableRequest, (StatusCode, String)> {
    Ok(self::request(request))
}

fn result_of_response(_: ModifiableRequest) -> Result<Response, dial::BoxError> {
    Ok(answer())
}

async fn async_result(mut request: ModifiableRequest) -> dial::Result {
    tokio::task::yield_now().await;
    marked(&mut request).build()
}

async fn async_outbound(request: ModifiableRequest) -> Outbound {
    tokio::task::yield_now().await;
    outbound(request)
}

async fn async_request(request: ModifiableRequest) -> ModifiableRequest {
    tokio::task::yield_now().await;
    self::request(request)
}

async fn async_response(_: ModifiableRequest) -> Response {
    tokio::task::yield_now().await;
    answer()
}

async fn async_result_of_request(
    request: ModifiableRequest,
) -> Result<ModifiableRequest, StatusCode> {
    tokio::task::yield_now().await;
    Ok(self::request(request))
}

async fn async_result_of_response(_: ModifiableRequest) -> Result<Response, dial::BoxError> {
    tokio::task::yield_now().await;
    Ok(answer())
}

// `request: &mut ModifiableRequest`

fn edit(request: &mut ModifiableRequest) {
    marked(request);
}

fn edit_chained(request: &mut ModifiableRequest) -> &mut ModifiableRequest {
    marked(request)
}

fn edit_result(request: &mut ModifiableRequest) -> Result<(), StatusCode> {
    marked(request);
    Ok(())
}

async fn async_edit(request: &mut ModifiableRequest) {
    tokio::task::yield_now().await;
    marked(request);
}

async fn async_edit_chained(request: &mut ModifiableRequest) -> &mut ModifiableRequest {
    tokio::task::yield_now().await;
    marked(request)
}

async fn async_edit_result(request: &mut ModifiableRequest) -> Result<(), dial::Error> {
    tokio::task::yield_now().await;
    marked(request);
    Ok(())
}

// Further arguments

fn four(
    mut request: ModifiableRequest,
    client: ClientAddr,
    method: Method,
    headers: HeaderMap,
    state: State<&'static str>,
) -> dial::Result {
    assert!(
        client.ip().is_loopback()
            && method == Method::GET
            && headers.contains_key("host")
            && state.0 == "state"
    );
    marked(&mut request).build()
}

async fn async_edit_four(
    request: &mut ModifiableRequest,
    client: ClientAddr,
    method: Method,
    headers: HeaderMap,
    State(state): State<&'static str>,
) {
    tokio::task::yield_now().await;
    assert!(
        client.ip().is_loopback()
            && method == Method::GET
            && headers.contains_key("host")
            && state == "state"
    );
    marked(request);
}

/// A proxy to `url` for each of the handlers, called by its text.
macro_rules! shapes {
    ($url:expr; $($handler:expr),* $(,)?) => {
        vec![$((stringify!($handler), dial::proxy([$url], $handler))),*]
    };
}

async fn check(origin: &Origin, shapes: Vec<(&'static str, ProxyService)>, forwards: bool) {
    for (shape, proxy) in shapes {
        let both = Both::proxy(proxy.state("state")).await;
        for (home, addr) in both.homes() {
            let before = origin.count();
            let response = client::get(addr, "/x").await;
            assert_eq!(response.status, 200, "{shape}, {home}");
            assert_eq!(
                origin.count() - before,
                usize::from(forwards),
                "{shape}, {home}"
            );
            if forwards {
                let sent = origin.requests().pop().expect("a request");
                assert_eq!(sent.headers.get(MARK), Some("1"), "{shape}, {home}");
            } else {
                assert_eq!(response.text(), ANSWER, "{shape}, {home}");
            }
        }
    }
}

#[tokio::test]
async fn functions_forward() {
    let origin = Origin::named("1");
    let shapes = shapes![origin.url();
        result, outbound, request, decision, result_of_outbound, result_of_request,
        async_result, async_outbound, async_request, async_result_of_request,
        edit, edit_chained, edit_result, async_edit, async_edit_chained, async_edit_result,
        four, async_edit_four,
    ];
    check(&origin, shapes, true).await;
}

#[tokio::test]
async fn functions_answer() {
    let origin = Origin::named("1");
    let shapes = shapes![origin.url();
        response, result_of_response, async_response, async_result_of_response,
    ];
    check(&origin, shapes, false).await;
}

#[tokio::test]
async fn closures_forward() {
    let origin = Origin::named("1");
    let mark = String::from("1");
    let captured = mark.clone();
    let shapes = shapes![origin.url();
        |mut request: ModifiableRequest| marked(&mut request).build(),
        |mut request: ModifiableRequest| -> Result<ModifiableRequest, StatusCode> {
            marked(&mut request);
            Ok(request)
        },
        |request: ModifiableRequest| async move { outbound(request) },
        async |mut request: ModifiableRequest| {
            tokio::task::yield_now().await;
            marked(&mut request).build()
        },
        |request: &mut ModifiableRequest| { marked(request); },
        |request: &mut ModifiableRequest| -> Result<(), StatusCode> {
            marked(request);
            Ok(())
        },
        async |request: &mut ModifiableRequest| {
            tokio::task::yield_now().await;
            marked(request);
        },
        async |request: &mut ModifiableRequest| -> Result<(), StatusCode> {
            tokio::task::yield_now().await;
            marked(request);
            Ok(())
        },
        |request: &mut ModifiableRequest, method: Method, _: Option<ClientAddr>| {
            request.set_header(MARK, if method == Method::GET { "1" } else { "?" });
        },
        async |request: ModifiableRequest, state: State<&'static str>| {
            tokio::task::yield_now().await;
            assert_eq!(state.0, "state");
            outbound(request)
        },
        move |request: &mut ModifiableRequest| { request.set_header(MARK, mark.as_str()); },
        move |mut request: ModifiableRequest| {
            let mark = captured.clone();
            async move {
                tokio::task::yield_now().await;
                request.set_header(MARK, mark).build()
            }
        },
    ];
    check(&origin, shapes, true).await;
}

#[tokio::test]
async fn closures_answer() {
    let origin = Origin::named("1");
    let shapes = shapes![origin.url();
        |_: ModifiableRequest| answer(),
        |_: ModifiableRequest| -> Result<ModifiableRequest, Response> { Err(answer()) },
        async |_: ModifiableRequest| answer(),
        |_: &mut ModifiableRequest| -> Result<(), Response> { Err(answer()) },
        async |_: &mut ModifiableRequest| -> Result<(), Response> {
            tokio::task::yield_now().await;
            Err(answer())
        },
    ];
    check(&origin, shapes, false).await;
}
