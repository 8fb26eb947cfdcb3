//! What a handler may ask for beside the request.

use std::net::SocketAddr;

use dial::{
    Body, ClientAddr, ErrorKind, FromInbound, HeaderMap, Inbound, IntoReject, Method,
    ModifiableRequest, Query, Reject, Response, Router, Server, State, StatusCode, Uri,
};
use dial_tests::{Log, Origin, client};
use http::Version;
use serde::Deserialize;

use super::{answers, ask, refused};
use crate::harness::{Axum, Both, Served};

#[derive(Clone, Debug, PartialEq)]
struct Database(&'static str);

/// Nobody gives it.
#[derive(Clone, Debug)]
struct Missing;

#[derive(Debug, Deserialize)]
struct Page {
    page: u32,
    #[serde(default)]
    tag: Vec<String>,
}

/// An extractor of the user's own.
struct Token(String);

impl FromInbound for Token {
    fn from_inbound(inbound: Inbound<'_>) -> Result<Self, Reject> {
        let token = inbound
            .header("x-token")
            .and_then(|token| token.to_str().ok());
        let token =
            token.ok_or_else(|| (StatusCode::UNAUTHORIZED, "who are you?").into_reject())?;
        Ok(Self(token.to_owned()))
    }
}

fn text(text: impl Into<String>) -> Response {
    Response::new(Body::from(text.into()))
}

#[tokio::test]
async fn the_request_as_it_came_in() {
    let handler = |mut request: ModifiableRequest,
                   method: Method,
                   uri: Uri,
                   version: Version,
                   headers: HeaderMap| {
        // Arguments are of the inbound request, whatever is done here.
        request.set_method("PUT").set_header("X-A", "changed");
        let accepted = headers
            .get_all("x-a")
            .iter()
            .map(|value| value.to_str().expect("text"));
        let accepted: Vec<_> = accepted.collect();
        text(format!(
            "{method} {uri} {version:?} {} {}",
            accepted.join("+"),
            headers.contains_key("connection")
        ))
    };
    let raw = "POST /x?a=1 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nX-A: 2\r\nConnection: X-A\r\nContent-Length: 0\r\n\r\n";
    let [response, _] = answers(dial::proxy(["unused.test"], handler), raw, "inbound").await;
    assert_eq!(response.text(), "POST /x?a=1 HTTP/1.1 1+2 true");
}

#[tokio::test]
async fn the_clients_address() {
    let handler =
        |_: ModifiableRequest, client: ClientAddr, addr: SocketAddr, again: Option<ClientAddr>| {
            assert_eq!((client.0, again), (addr, Some(client)));
            text(addr.to_string())
        };
    let both = Both::proxy(dial::proxy(["unused.test"], handler)).await;
    for (home, addr) in both.homes() {
        let mut client = dial_tests::RawClient::connect(addr).await;
        client
            .send("GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
            .await;
        let response = client.read_response().await;
        assert_eq!(response.text(), client.local_addr().to_string(), "{home}");
    }
}

/// An application that does not tell the address has a handler that asks for it fail, unless it may do without.
#[tokio::test]
async fn an_address_that_nobody_told() {
    let origin = Origin::named("1");
    let asking = |request: ModifiableRequest, _: ClientAddr| request;
    let service = dial::proxy([origin.url()], asking);
    let axum = Axum::app(axum::Router::new().fallback_service(service)).await;
    assert_eq!(client::get(axum.addr, "/x").await.status, 500);
    assert_eq!(origin.connections(), 0);

    let service = dial::proxy(
        ["unused.test"],
        |_: ModifiableRequest, client: Option<ClientAddr>| text(format!("{client:?}")),
    );
    let axum = Axum::app(axum::Router::new().fallback_service(service)).await;
    assert_eq!(client::get(axum.addr, "/x").await.text(), "None");
}

#[tokio::test]
async fn state_of_the_route_or_of_the_router() {
    let handler = |_: ModifiableRequest, database: State<Database>, number: Option<State<u8>>| {
        text(format!(
            "{} {:?}",
            database.0.0,
            number.map(|number| number.0)
        ))
    };
    let proxy = dial::proxy(["unused.test"], handler);
    let own = proxy.clone().state(Database("route"));
    let router = Router::new()
        .at("/own", own)
        .at("/shared", proxy)
        .state(Database("router"))
        .state(7_u8);
    let served = Served::router(router);
    // What the route has of its own goes before what routes share.
    assert_eq!(
        client::get(served.addr, "/own").await.text(),
        "route Some(7)"
    );
    assert_eq!(
        client::get(served.addr, "/shared").await.text(),
        "router Some(7)"
    );
}

/// A missing state is an error at startup, or, mounted where there is no startup, for the request.
#[tokio::test]
async fn a_missing_state() {
    let origin = Origin::named("1");
    let proxy = dial::proxy(
        [origin.url()],
        |request: ModifiableRequest, _: State<Missing>| request,
    );
    let router = Router::new()
        .at("/wanting", proxy.clone())
        .state(Database("other"));
    let error = Server::builder()
        .bind("127.0.0.1:0", router)
        .expect_err("a state is missing");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("Missing") && error.to_string().contains("/wanting"),
        "{error}"
    );

    let log = Log::of("dial");
    let axum = Axum::proxy(proxy.name("missing_state")).await;
    let response = client::get(axum.addr, "/x").await;
    assert_eq!(
        (response.status, response.text()),
        (500, "Internal Server Error")
    );
    let line = log.line("missing_state").await;
    assert!(line.contains("ERROR") && line.contains("Missing"), "{line}");
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn the_query_as_a_struct() {
    let handler = |_: ModifiableRequest, Query(page): Query<Page>| {
        text(format!("{} {:?}", page.page, page.tag))
    };
    let both = Both::proxy(dial::proxy(["unused.test"], handler)).await;
    let rows = [
        ("/x?page=2", 200, "2 []"),
        (
            "/x?tag=a&page=2&tag=b%20c+d&other=1",
            200,
            "2 [\"a\", \"b c d\"]",
        ),
        // A query that does not fit is the client's fault, and why is not its business.
        ("/x", 400, "Bad Request"),
        ("/x?page=two", 400, "Bad Request"),
        ("/x?page=-1", 400, "Bad Request"),
    ];
    for (home, addr) in both.homes() {
        for (target, status, body) in rows {
            let response = client::get(addr, target).await;
            assert_eq!(
                (response.status, response.text()),
                (status, body),
                "{target}, {home}"
            );
        }
    }
}

/// Parsing the query changes nothing of what is sent.
#[tokio::test]
async fn a_query_that_was_parsed_is_sent_as_it_was() {
    let origin = Origin::named("1");
    let handler = |request: ModifiableRequest, _: Query<Page>| request;
    let both = Both::proxy(dial::proxy([origin.url()], handler)).await;
    for (home, addr) in both.homes() {
        let target = "/x?%70age=2&tag=%zz&&tag&page%20=3";
        assert_eq!(client::get(addr, target).await.status, 200, "{home}");
        assert_eq!(
            origin.requests().pop().expect("a request").target,
            target,
            "{home}"
        );
    }
}

#[tokio::test]
async fn an_extractor_of_ones_own() {
    let handler = |_: ModifiableRequest, token: Token, again: Result<Token, Reject>| {
        assert_eq!(again.map(|token| token.0).ok().as_ref(), Some(&token.0));
        text(token.0)
    };
    let both = Both::proxy(dial::proxy(["unused.test"], handler)).await;
    for (home, addr) in both.homes() {
        assert_eq!(
            ask(addr, "/x", "X-Token: t\r\n").await.text(),
            "t",
            "{home}"
        );
        let refused = ask(addr, "/x", "").await;
        assert_eq!(
            (refused.status, refused.text()),
            (401, "who are you?"),
            "{home}"
        );
    }
}

/// What one argument refuses, the handler never sees, whichever shape it has.
#[tokio::test]
async fn a_refused_argument_forwards_nothing() {
    let origin = Origin::named("1");
    let url = origin.url();
    let proxies = [
        dial::proxy([&url], |request: ModifiableRequest, _: Token| request),
        dial::proxy([&url], async |request: ModifiableRequest, _: Token| request),
        dial::proxy([&url], |_: &mut ModifiableRequest, _: Token| {}),
        dial::proxy(
            [&url],
            async |_: &mut ModifiableRequest, _: Method, _: Token| {},
        ),
    ];
    for proxy in proxies {
        assert_eq!(refused(proxy, &origin, "no token").await.status, 401);
    }
    let optional = dial::proxy(
        [&url],
        |request: ModifiableRequest, token: Option<Token>| {
            assert!(token.is_none());
            request
        },
    );
    let both = Both::proxy(optional).await;
    for (home, addr) in both.homes() {
        assert_eq!(client::get(addr, "/x").await.status, 200, "{home}");
    }
}
