//! What routes are wired with: their own options, then the router's, then the defaults.

use std::time::Duration;

use super::definition::{Definition, Location};
use super::upstreams::Hosts;
use super::{App, Entry, Place, ProxyService, Router, proxy};
use crate::config::{ProxyProtocol, Pseudonym, Timeouts, Via};
use crate::handler::{ModifiableRequest, Outcome};
use crate::proxy::RouteSpec;

const HERE: Location = Location {
    module: "dial::tests",
    file: "tests.rs",
    line: 1,
    column: 1,
};

const fn definition() -> Definition {
    let hosts = Hosts::Listed(&["backend"]);
    Definition::new("api", HERE, call, |_| Ok(()), hosts)
}

fn call(request: ModifiableRequest) -> Outcome {
    crate::__private::owned(request)
}

static PLAIN: Definition = definition();
static OTHER: Definition = definition().path("/other");
static OWN: Definition = definition()
    .methods(&["GET", "CONNECT"])
    .upgrade(false)
    .proxy_protocol(ProxyProtocol::V1)
    .connect_timeout(Duration::from_secs(11))
    .response_timeout(Duration::from_secs(12))
    .body_timeout(Duration::from_secs(13))
    .expect_timeout(Duration::from_secs(14))
    .total_timeout(Duration::from_secs(15))
    .body_limit(16);

fn service() -> ProxyService {
    proxy(["backend"], |request: ModifiableRequest| request)
}

/// The routes of a router, as `wire` makes them.
fn wired(router: Router) -> Vec<RouteSpec> {
    let defaults = router.defaults.wired();
    let spec = |entry: &Entry| {
        let place = Place::new(entry, &defaults).expect("a valid route");
        (*place.spec).clone()
    };
    router.entries.iter().map(spec).collect()
}

fn name(spec: &RouteSpec) -> Option<&str> {
    spec.via.as_ref().map(Pseudonym::name)
}

#[test]
fn defaults_without_options() {
    for spec in wired(Router::new().mount([&PLAIN]).at("/mounted", service())) {
        assert!(spec.upgrade && !spec.connect && !spec.real_ip && !spec.proxy_status);
        assert_eq!((spec.proxy_protocol, spec.body_limit), (None, None));
        assert_eq!(spec.timeouts, Timeouts::default());
        assert!(name(&spec).is_some_and(|name| name.starts_with("dial-")));
    }
}

#[test]
fn a_routes_own_options_hold_over_the_routers() {
    let shared = Timeouts::default()
        .body(Duration::from_secs(1))
        .total(Duration::from_secs(2));
    let router = Router::new()
        .mount([&PLAIN, &OWN])
        .proxy_protocol(ProxyProtocol::V2)
        .real_ip(true)
        .proxy_status(true)
        .timeouts(shared)
        .body_limit(3);
    let [plain, own] = &wired(router)[..] else {
        panic!("two routes")
    };
    assert!(plain.upgrade && !plain.connect && plain.real_ip && plain.proxy_status);
    assert_eq!(plain.proxy_protocol, Some(ProxyProtocol::V2));
    assert_eq!((plain.timeouts, plain.body_limit), (shared, Some(3)));

    assert!(!own.upgrade && own.connect && own.real_ip && own.proxy_status);
    assert_eq!(own.proxy_protocol, Some(ProxyProtocol::V1));
    let timeouts = Timeouts::default()
        .connect(Duration::from_secs(11))
        .response(Duration::from_secs(12))
        .body(Duration::from_secs(13))
        .expect(Duration::from_secs(14))
        .total(Duration::from_secs(15));
    assert_eq!((own.timeouts, own.body_limit), (timeouts, Some(16)));
}

#[test]
fn a_services_own_options_hold_over_the_routers() {
    let named = |name| Via::named(name).expect("a token");
    let router = |service| {
        let router = Router::new()
            .at("/", service)
            .upgrade(false)
            .real_ip(true)
            .proxy_status(true)
            .proxy_protocol(ProxyProtocol::V2)
            .body_limit(3)
            .via(named("router"));
        wired(router).remove(0)
    };
    let plain = router(service());
    assert!(!plain.upgrade && plain.real_ip && plain.proxy_status);
    assert_eq!(plain.proxy_protocol, Some(ProxyProtocol::V2));
    assert_eq!((plain.body_limit, name(&plain)), (Some(3), Some("router")));

    let own = service()
        .upgrade(true)
        .real_ip(false)
        .proxy_status(false)
        .proxy_protocol(ProxyProtocol::V1)
        .body_limit(4)
        .via(named("service"));
    let own = router(own);
    assert!(own.upgrade && !own.real_ip && !own.proxy_status);
    assert_eq!(own.proxy_protocol, Some(ProxyProtocol::V1));
    assert_eq!((own.body_limit, name(&own)), (Some(4), Some("service")));
    assert_eq!(name(&router(service().via(Via::off()))), None);
}

/// Two proxies that share a name would take each other for themselves: RFC 9110 §7.6.3.
#[test]
fn a_name_is_drawn_for_each_wiring() {
    let router = Router::new().mount([&PLAIN, &OTHER]).at("/x", service());
    let names = |router: &Router| {
        let specs = wired(router.clone());
        let names: Vec<_> = specs
            .iter()
            .map(|spec| name(spec).map(str::to_owned))
            .collect();
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
        names[0].clone().expect("a name")
    };
    let mut drawn: Vec<_> = (0..8).map(|_| names(&router)).collect();
    drawn.dedup();
    assert!(drawn.len() > 1, "{drawn:?}");

    let off = router.clone().via(Via::off());
    assert!(wired(off).iter().all(|spec| spec.via.is_none()));
    assert!(router.wire().is_ok());
}
