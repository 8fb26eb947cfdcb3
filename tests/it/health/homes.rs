//! Who probes: one for each upstream, wherever it is used, and as long as it is.

use std::time::Duration;

use bytes::Bytes;
use dial::{ProxyService, Router, Server};
use dial_tests::{Origin, client};
use http::Request;
use http_body_util::Empty;
use tower_service::Service;

use super::{PATH, asked, often, once, probed, service, upstream};
use crate::harness::{Axum, Served, held};

/// Two routes on four workers, another server, and an axum application.
#[tokio::test]
async fn one_prober_serves_all_who_share_an_upstream() {
    const REQUESTS: usize = 24;
    let origins = [Origin::named("1"), Origin::named("2")];
    let upstream = upstream(&origins, once());
    let routes = Router::new()
        .at("/a", service(&upstream))
        .at("/b", service(&upstream));
    let workers = Server::builder().workers(4).reuse_port(false);
    let served = Served::server(workers, routes);
    let other = Served::proxy(service(&upstream));
    let axum = Axum::proxy(service(&upstream)).await;
    // Each over a new connection: every worker has some.
    for _ in 0..REQUESTS {
        for (addr, path) in [
            (served.addr, "/a"),
            (served.addr, "/b"),
            (other.addr, "/"),
            (axum.addr, "/"),
        ] {
            assert_eq!(client::get(addr, path).await.status, 200);
        }
    }
    assert_eq!(origins.each_ref().map(asked), [REQUESTS * 2; 2]);
    assert_eq!(origins.each_ref().map(probed), [1, 1]);
}

/// In somebody else's application there is no startup.
#[tokio::test]
async fn a_mounted_proxy_probes_from_its_first_request_on() {
    let origin = Origin::named("1");
    let upstream = upstream([&origin], often().contains("GET"));
    let axum = Axum::proxy(service(&upstream)).await;
    assert_eq!(client::get(axum.addr, "/x").await.status, 200);
    origin.requested(4).await;
    assert_eq!(asked(&origin), 1);
}

#[tokio::test]
async fn or_when_it_is_told_to() {
    let origin = Origin::named("1");
    let upstream = upstream([&origin], once());
    let service = service(&upstream);
    service.start_health_checks();
    assert_eq!(origin.requested(1).await[0].target, PATH);
    service.start_health_checks();
    let axum = Axum::proxy(service).await;
    assert_eq!(client::get(axum.addr, "/x").await.status, 200);
    assert_eq!((probed(&origin), asked(&origin)), (1, 1));
}

/// Outside of a runtime nothing can be started, and nothing breaks.
#[test]
fn without_a_runtime_nothing_is_probed() {
    let origin = Origin::named("1");
    let service = service(&upstream([&origin], once()));
    service.start_health_checks();
    assert_eq!(origin.connections(), 0);
}

#[tokio::test]
async fn probes_end_with_the_upstream() {
    let (origin, _gate) = held();
    let upstream = upstream([&origin], once().timeout(Duration::from_hours(1)));
    let service = service(&upstream);
    service.start_health_checks();
    origin.requested(1).await;
    assert_eq!(origin.open_connections(), 1);
    drop(service);
    drop(upstream);
    // The probe that was under way.
    origin.closed(0).await;
}

async fn ask(service: &ProxyService) {
    let request = Request::get("/x").body(Empty::<Bytes>::new());
    let Ok(response) = service.clone().call(request.expect("valid")).await;
    assert_eq!(response.status(), 200);
}

/// A prober lives on the runtime it was started on: after that, the next request starts another.
#[test]
fn probes_go_on_where_the_upstream_is_used_next() {
    let origin = Origin::named("1");
    let service = service(&upstream([&origin], once()));
    for round in 1..=3 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            ask(&service).await;
            ask(&service).await;
            origin.requested(round * 3).await;
        });
    }
    assert_eq!((probed(&origin), asked(&origin)), (3, 6));
}

#[tokio::test]
async fn a_server_that_ends_leaves_its_probes_to_another() {
    let origin = Origin::named("1");
    let upstream = upstream([&origin], once());
    let first = Served::proxy(service(&upstream));
    origin.requested(1).await;
    let second = Served::proxy(service(&upstream));
    first.handle().shutdown();
    first.ended().await.expect("an end in peace");
    assert_eq!(client::get(second.addr, "/x").await.status, 200);
    origin.requested(3).await;
    assert_eq!((probed(&origin), asked(&origin)), (2, 1));
}
