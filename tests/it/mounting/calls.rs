//! Called as a `tower` service: with bodies of any type, from many threads, on any runtime.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use dial::{ClientAddr, ModifiableRequest, ProxyService, Response};
use dial_tests::wait::DEADLINE;
use dial_tests::{Origin, within};
use http::{Request, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Frame;
use tokio::task::JoinSet;
use tower_service::Service;

use super::{target, unchanged};

/// Calls the service as a tower caller would: ready first.
async fn call<B>(service: &mut ProxyService, request: Request<B>) -> Response
where
    B: hyper::body::Body + Send + 'static,
    B::Error: Into<dial::BoxError>,
{
    let ready = std::future::poll_fn(|cx| Service::<Request<B>>::poll_ready(service, cx)).await;
    let Ok(()) = ready;
    let Ok(response) = within(DEADLINE, Service::call(service, request)).await;
    response
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect().await.expect("a whole body");
    String::from_utf8(body.to_bytes().to_vec()).expect("text")
}

fn post<B>(body: B) -> Request<B> {
    let request = Request::post("/x?a=1").header("Host", "shop.test");
    request.body(body).expect("a valid request")
}

/// Pieces, last one first, of a length that nobody knows.
struct Pieces(Vec<&'static str>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(
            self.0
                .pop()
                .map(|piece| Ok(Frame::data(Bytes::from(piece)))),
        )
    }
}

/// Posts `body`, and says how the origin saw it framed and what it held: `5` or `chunked`, and the bytes.
async fn framed<B>(origin: &Origin, service: &ProxyService, body: B) -> (String, String)
where
    B: hyper::body::Body + Send + 'static,
    B::Error: Into<dial::BoxError>,
{
    let response = call(&mut service.clone(), post(body)).await;
    assert_eq!(response.status(), 200);
    let echo = text(response).await;
    assert!(echo.starts_with("1\nPOST /x?a=1 HTTP/1.1\n"), "{echo}");
    let sent = origin.requests().pop().expect("a request");
    let framing = ["content-length", "transfer-encoding"].map(|name| sent.headers.get(name));
    let [length, coding] = framing.map(Option::unwrap_or_default);
    (
        format!("{length}{coding}"),
        String::from_utf8(sent.body).expect("text"),
    )
}

/// Any body will do, and the origin is told its length if the body knows it.
#[tokio::test]
async fn with_bodies_of_any_type() {
    let origin = Origin::named("1");
    let service = dial::proxy([origin.url()], unchanged);
    let (origin, service) = (&origin, &service);
    let pieces = || Pieces(vec!["lo", "hel"]);
    let bytes = Bytes::from("hello");
    let sized = [
        framed(origin, service, Full::new(bytes.clone())).await,
        framed(origin, service, Full::new(&b"hello"[..])).await,
        framed(origin, service, String::from("hello")).await,
        framed(origin, service, axum::body::Body::from("hello")).await,
        framed(origin, service, dial::Body::from("hello")).await,
        framed(origin, service, Full::new(bytes).boxed()).await,
    ];
    for (at, body) in sized.into_iter().enumerate() {
        assert_eq!(body, ("5".to_owned(), "hello".to_owned()), "{at}");
    }
    let streamed = [
        framed(origin, service, pieces()).await,
        framed(origin, service, pieces().boxed()).await,
        framed(origin, service, pieces().boxed_unsync()).await,
        framed(origin, service, axum::body::Body::new(pieces())).await,
        framed(origin, service, dial::Body::new(pieces())).await,
    ];
    for (at, body) in streamed.into_iter().enumerate() {
        assert_eq!(body, ("chunked".to_owned(), "hello".to_owned()), "{at}");
    }
    let none = framed(origin, service, Empty::<Bytes>::new()).await;
    assert_eq!(none.1, "");
}

/// What an application has may be no origin-form target, or of another version (RFC 9112 §3.2.1, RFC 9113 §8.3.1).
#[tokio::test]
async fn with_targets_and_versions_of_any_form() {
    let origin = Origin::named("1");
    let mut service = dial::proxy([origin.url()], unchanged);
    let request = Request::get("https://shop.test:8443/a?b").version(Version::HTTP_2);
    let response = call(
        &mut service,
        request.body(Empty::<Bytes>::new()).expect("valid"),
    )
    .await;
    assert_eq!(
        (response.status().as_u16(), response.version()),
        (200, Version::HTTP_11)
    );
    let sent = origin.requests().pop().expect("a request");
    assert_eq!((&*sent.target, &*sent.version), ("/a?b", "HTTP/1.1"));
    assert_eq!(sent.headers.all("host"), [origin.addr().to_string()]);
    assert_eq!(sent.headers.get("x-forwarded-host"), Some("shop.test:8443"));

    let request = Request::get("http://shop.test").body(Empty::<Bytes>::new());
    assert_eq!(
        call(&mut service, request.expect("valid")).await.status(),
        200
    );
    assert_eq!(target(&origin), "/");
}

/// The default is an extension of dial's own; an application may keep the address anywhere else.
#[tokio::test]
async fn the_address_is_found_where_the_application_keeps_it() {
    #[derive(Clone)]
    struct Own(SocketAddr);
    let origin = Origin::named("1");
    let addr: SocketAddr = "192.0.2.7:4711".parse().expect("an address");
    let mapped: SocketAddr = "[::ffff:192.0.2.8]:4711".parse().expect("an address");
    let mut service = dial::proxy([origin.url()], unchanged);
    let mut request = post(Empty::<Bytes>::new());
    request.extensions_mut().insert(ClientAddr(addr));
    call(&mut service, request).await;

    let mut service = service.client_addr(|extensions| extensions.get::<Own>().map(|own| own.0));
    let mut request = post(Empty::<Bytes>::new());
    request.extensions_mut().insert(ClientAddr(addr));
    request.extensions_mut().insert(Own(mapped));
    call(&mut service, request).await;

    let told = origin.requests();
    let told: Vec<_> = told
        .iter()
        .map(|request| request.headers.get("x-forwarded-for"))
        .collect();
    assert_eq!(told, [Some("192.0.2.7"), Some("192.0.2.8")]);
}

fn shareable<T: Clone + Send + Sync + 'static>(value: T) -> T {
    value
}

/// Clones are one proxy: they share connections and the rotation, on however many threads they are called.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn called_concurrently() {
    const TASKS: usize = 16;
    const EACH: usize = 30;
    let origins = ["1", "2", "3"].map(Origin::named);
    let handler = async |request: &mut ModifiableRequest| {
        tokio::task::yield_now().await;
        let path = format!("{}/seen", request.path());
        request.set_path(path);
    };
    let service = shareable(dial::proxy(origins.each_ref().map(Origin::url), handler));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let mut service = service.clone();
        tasks.spawn(async move {
            for number in 0..EACH {
                let request = Request::post(format!("/{task}/{number}")).header("Host", "a");
                let body = format!("body {task} {number}");
                let response = call(&mut service, request.body(body.clone()).expect("valid")).await;
                assert_eq!(response.status(), 200);
                let text = text(response).await;
                assert!(
                    text.contains(&format!("POST /{task}/{number}/seen HTTP/1.1\n")),
                    "{text}"
                );
                assert!(text.ends_with(&format!("\n\n{body}")), "{text}");
            }
        });
    }
    within(DEADLINE * 3, tasks.join_all()).await;
    assert_eq!(origins.each_ref().map(Origin::count), [TASKS * EACH / 3; 3]);
    let connections: usize = origins.iter().map(Origin::connections).sum();
    assert!(
        connections < TASKS * EACH / 2,
        "{connections} connections for {} requests",
        TASKS * EACH
    );
}

/// Connections live on the runtime that made them: one that ended takes them along, and nothing else.
#[test]
fn a_service_outlives_its_runtime() {
    let origin = Origin::named("1");
    let mut service = dial::proxy([origin.url()], unchanged);
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            for _ in 0..2 {
                let response = call(&mut service, post(Empty::<Bytes>::new())).await;
                assert_eq!(response.status(), 200);
                assert!(text(response).await.starts_with("1\n"));
            }
        });
    }
    assert_eq!((origin.count(), origin.connections()), (6, 3));
}
