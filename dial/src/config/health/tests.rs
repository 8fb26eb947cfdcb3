use super::*;
use crate::error::ErrorKind;

fn refused(check: HealthCheck) -> String {
    let error = check.checked().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.to_string()
}

#[test]
fn defaults() {
    let check = HealthCheck::http("/healthz?deep=1").checked().unwrap();
    assert_eq!(check.interval, Duration::from_secs(5));
    assert_eq!(check.timeout, Duration::from_secs(2));
    assert_eq!((check.rise, check.fall), (2, 3));
    assert_eq!(check.port, None);
    let http = check.http.unwrap();
    assert_eq!(http.path, "/healthz?deep=1");
    assert_eq!(http.method, Method::GET);
    assert!(http.host.is_none() && http.contains.is_none());
    let expected: Vec<_> = (100..600).filter(|status| http.expects(*status)).collect();
    assert_eq!(expected, (200..400).collect::<Vec<_>>());

    assert!(HealthCheck::tcp().checked().unwrap().http.is_none());
}

#[test]
fn statuses_are_a_range_or_a_list() {
    let expects =
        |check: HealthCheck, status| check.checked().unwrap().http.unwrap().expects(status);
    let range = || HealthCheck::http("/").statuses(200..=299);
    assert!(expects(range(), 299) && !expects(range(), 300));
    let list = || HealthCheck::http("/").statuses([204, 503]);
    assert!(expects(list(), 503) && !expects(list(), 200));
}

#[test]
fn waits_are_within_the_jitter() {
    let check = HealthCheck::tcp()
        .interval(Duration::from_secs(10))
        .jitter(0.25);
    let check = check.checked().unwrap();
    let waits = [0.0, 0.5, 1.0].map(|part| check.wait(part));
    assert_eq!(waits, [7_500, 10_000, 12_500].map(Duration::from_millis));
    let check = HealthCheck::tcp().jitter(0.0).checked().unwrap();
    assert_eq!([0.0, 1.0].map(|part| check.wait(part)), [check.interval; 2]);
}

#[test]
fn nonsense_is_refused() {
    let http = || HealthCheck::http("/");
    let seconds = Duration::from_secs;
    for (check, what) in [
        (
            HealthCheck::tcp().contains("x").method(Method::PUT),
            "a TCP check has no `contains`",
        ),
        (http().port(0), "0 is not a port"),
        (
            http().interval(Duration::from_millis(9)),
            "the interval 9ms is not within 10 ms and 1 h",
        ),
        (
            http().interval(seconds(3601)),
            "the interval 3601s is not within 10 ms and 1 h",
        ),
        (
            http().timeout(seconds(3601)),
            "the timeout 3601s is not within 1 ms and 1 h",
        ),
        (
            http().timeout(Duration::ZERO),
            "the timeout 0ns is not within 1 ms and 1 h",
        ),
        (http().jitter(0.6), "the jitter 0.6 is not within 0 and 0.5"),
        (
            http().jitter(f64::NAN),
            "the jitter NaN is not within 0 and 0.5",
        ),
        (http().rise(0), "`rise` is 0; it is from 1 to 1000"),
        (http().fall(1001), "`fall` is 1001; it is from 1 to 1000"),
        (http().method(Method::CONNECT), "CONNECT asks for no health"),
        (
            http().method(Method::HEAD).contains("x"),
            "a response to HEAD has no body that could contain anything",
        ),
        (http().contains(""), "`contains` is from 1 byte to 4 KiB"),
        (
            http().contains("x".repeat(4097)),
            "`contains` is from 1 byte to 4 KiB",
        ),
        (http().statuses([]), "no status is expected"),
        (
            http().statuses([200, 199]),
            "the status 199 is not within 200 and 599",
        ),
        (
            http().statuses(200..),
            "the status 600 is not within 200 and 599",
        ),
        (
            http().host_header("a b"),
            "\"a b\" is not what Host can say",
        ),
        (
            http().host_header("a@b"),
            "\"a@b\" is not what Host can say",
        ),
        (http().host_header(""), "\"\" is not what Host can say"),
    ] {
        assert_eq!(refused(check), format!("health: {what}"));
    }
    for path in ["", "healthz", "*", "http://a/", "/a b", "/a#b", "/a\r\nb"] {
        let what =
            format!("health: {path:?} is not a path; it begins with `/` and is percent-encoded");
        assert_eq!(refused(HealthCheck::http(path)), what);
    }
    let built = crate::Upstream::builder()
        .hosts(["a"])
        .health(http().rise(0))
        .build();
    assert_eq!(built.unwrap_err().kind(), ErrorKind::Config);
}
