use http::Method;
use proptest::prelude::*;

use super::*;
use crate::ModifiableRequest;

const ALL: [RetryOn; 6] = [
    RetryOn::Connect,
    RetryOn::Reset,
    RetryOn::Timeout,
    RetryOn::Status5xx,
    RetryOn::Status503,
    RetryOn::GatewayError,
];

fn draft(method: &Method) -> Box<Draft> {
    let request = ModifiableRequest::builder().method(method.clone()).build();
    let mut request = request;
    request.build().expect("a request").draft
}

#[expect(clippy::unnecessary_wraps, reason = "one of the two outcomes")]
fn answer(status: u16) -> Outcome {
    Ok(Answer {
        status: StatusCode::from_u16(status).expect("a status"),
        ..Answer::default()
    })
}

fn failure(kind: ErrorKind) -> Outcome {
    Err(Error::new(kind, "it failed"))
}

fn busy(after: &str) -> Outcome {
    answer(503).map(|mut answer| {
        answer.fields.append(&RETRY_AFTER, after.as_bytes());
        answer
    })
}

#[test]
fn each_condition_takes_its_own_outcomes() {
    use ErrorKind as Kind;
    let outcomes = || {
        [200, 404, 429, 500, 501, 502, 503, 504, 505]
            .map(answer)
            .into_iter()
            .chain(
                [
                    Kind::Disconnected,
                    Kind::BadResponse,
                    Kind::ResponseTimeout,
                    Kind::Connect,
                    Kind::ClientBody,
                    Kind::ClientTimeout,
                    Kind::BodyTooLarge,
                    Kind::NoEndpoint,
                ]
                .map(failure),
            )
    };
    let name = |outcome: &Outcome| match outcome {
        Ok(answer) => answer.status.as_str().to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    };
    let cases: [(RetryOn, &[&str]); 6] = [
        (RetryOn::Connect, &[]),
        (RetryOn::Reset, &["Disconnected", "BadResponse"]),
        (RetryOn::Timeout, &["ResponseTimeout"]),
        (
            RetryOn::Status5xx,
            &["500", "501", "502", "503", "504", "505"],
        ),
        (RetryOn::Status503, &["503"]),
        (RetryOn::GatewayError, &["502", "503", "504"]),
    ];
    for (condition, expected) in cases {
        let shared = Retries::new(Retry::default().on([condition]));
        let course = Course::begin(&shared, &mut draft(&Method::GET), Instant::now());
        let wanted = outcomes().filter(|outcome| course.wants(outcome));
        let wanted: Vec<_> = wanted.map(|outcome| name(&outcome)).collect();
        assert_eq!(wanted, expected, "{condition:?}");
    }
}

#[test]
fn idempotent_methods_unless_told() {
    let repeats = |retry: Retry, method: &str| {
        let shared = Retries::new(retry.on(ALL));
        let method = method.parse().expect("a method");
        Course::begin(&shared, &mut draft(&method), Instant::now()).wants(&answer(500))
    };
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
        assert!(repeats(Retry::default(), method), "{method}");
    }
    for method in ["POST", "PATCH", "CONNECT", "PURGE", "get"] {
        assert!(!repeats(Retry::default(), method), "{method}");
        assert!(repeats(Retry::default().any_method(), method), "{method}");
        assert!(!repeats(Retry::default().any_method().attempts(1), method));
    }
}

#[test]
fn no_more_attempts_than_there_may_be() {
    for attempts in [0, 1, 2, 5, 16, 99] {
        let shared = Retries::new(
            Retry::default()
                .on(ALL)
                .attempts(attempts)
                .min_per_second(99),
        );
        let now = Instant::now();
        let mut course = Course::begin(&shared, &mut draft(&Method::GET), now);
        let mut made = 1;
        while course.wants(&answer(500)) && course.again(&answer(500), true, now).is_some() {
            made += 1;
        }
        assert_eq!(made, attempts.clamp(1, 16));
    }
}

/// What goes once more because its connection had ended is no attempt, but leaves one less to the others.
#[test]
fn what_is_sent_once_more_is_paid() {
    let shared = Retries::new(Retry::default().on(ALL).budget(0).min_per_second(1));
    let now = Instant::now();
    let other = Course::begin(&shared, &mut draft(&Method::GET), now);
    let mut course = Course::begin(&shared, &mut draft(&Method::GET), now);
    other.pay(now);
    other.pay(now);
    assert!(course.wants(&answer(500)));
    assert!(course.again(&answer(500), true, now).is_none());
}

#[test]
fn pauses_grow_to_their_bound_and_are_jittered() {
    let ms = Duration::from_millis;
    let policy = Retry::default()
        .attempts(16)
        .backoff(ms(10))
        .max_backoff(ms(50));
    let shared = Retries::new(policy);
    let now = Instant::now();
    let mut course = Course::begin(&shared, &mut draft(&Method::GET), now);
    for most in [10, 20, 40, 50, 50, 50] {
        let (_, pause) = course.again(&answer(503), true, now).expect("another");
        assert!(
            pause >= ms(most) / 2 && pause <= ms(most),
            "{pause:?} of {most}"
        );
    }
    assert!((0..1000).all(|_| course.pause() <= ms(50)));
    assert_eq!(Retry::default().backoff(ms(7)).longest(), ms(70));
    assert_eq!(
        Retry::default().max_backoff(ms(7)).longest(),
        ms(25),
        "never below the first"
    );
}

#[test]
fn what_the_endpoint_asks_for_is_waited_for_where_there_is_no_other() {
    let now = Instant::now();
    let pause = |outcome: &Outcome, elsewhere| {
        let shared = Retries::new(Retry::default().wait(Duration::from_secs(2)));
        let mut course = Course::begin(&shared, &mut draft(&Method::GET), now);
        let again = course.again(outcome, elsewhere, now);
        again.map(|(_, pause)| pause.as_secs())
    };
    assert_eq!(pause(&busy("2"), false), Some(2));
    assert_eq!(pause(&busy("2"), true), Some(0));
    assert_eq!(pause(&busy("3"), false), None);
    assert_eq!(pause(&busy("3"), true), Some(0));
    for senseless in ["", "-1", "1.5", "soon", "99999999999999999999"] {
        assert_eq!(pause(&busy(senseless), false), Some(0), "{senseless}");
    }
    assert_eq!(
        pause(&busy("Sun, 06 Nov 1994 08:49:37 GMT"), false),
        Some(0),
        "it is over"
    );
    let other = answer(502).map(|mut answer| {
        answer.fields.append(&RETRY_AFTER, b"3");
        answer
    });
    assert_eq!(pause(&other, false), Some(0));

    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_007);
    let dated = busy(&httpdate::fmt_http_date(date)).expect("an answer");
    let before = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    assert_eq!(retry_after(&dated, before), Some(Duration::from_secs(7)));
}

/// What may have arrived and is sent once more is an attempt, and is paid.
#[test]
fn what_is_sent_again_on_another_connection_counts() {
    let now = Instant::now();
    for (attempts, most) in [(1, 0), (2, 1), (16, 3)] {
        let retry = Retry::default().on([RetryOn::Connect]).attempts(attempts);
        let shared = Retries::new(retry.budget(0).min_per_second(3));
        let course = Course::begin(&shared, &mut draft(&Method::GET), now);
        let granted = std::iter::from_fn(|| course.take(now)).count();
        assert_eq!(granted, most, "{attempts}");
    }
}

#[test]
fn no_pause_is_nothing() {
    let retry = Retry::default();
    let millisecond = Duration::from_millis(1);
    assert_eq!(retry.backoff(Duration::ZERO), retry.backoff(millisecond));
    let none = retry.backoff(Duration::ZERO).max_backoff(Duration::ZERO);
    assert_eq!(none.longest(), millisecond);
}

#[test]
fn the_budget_is_the_routes() {
    let shared = Retries::new(Retry::default().budget(50).min_per_second(0));
    let now = Instant::now();
    let granted = (0..100).filter(|_| {
        let mut course = Course::begin(&shared, &mut draft(&Method::GET), now);
        course.again(&answer(503), true, now).is_some()
    });
    assert_eq!(granted.count(), 50);
}

#[test]
fn endpoints_are_waited_for_as_long_as_it_says() {
    let now = Instant::now();
    let second = Duration::from_secs(1);
    let shared = Retries::new(Retry::default().wait(second));
    // A request that is not repeated waits as well: it is unsent.
    let mut course = Course::begin(&shared, &mut draft(&Method::POST), now);
    let mut waited = Duration::ZERO;
    while let Some(pause) = course.unreached(now + waited) {
        waited += pause;
        assert!(course.waits() && !pause.is_zero());
    }
    assert_eq!(waited, second, "and not a moment longer");
    course.reached();
    assert!(course.unreached(now).is_some() && shared.waiting.load(Ordering::Relaxed) == 1);
    drop(course);
    assert_eq!(shared.waiting.load(Ordering::Relaxed), 0);

    let others = ALL.into_iter().filter(|on| *on != RetryOn::Connect);
    for retry in [
        Retry::default().on(others),
        Retry::default().wait(Duration::ZERO),
    ] {
        let shared = Retries::new(retry);
        let mut course = Course::begin(&shared, &mut draft(&Method::GET), now);
        assert_eq!(course.unreached(now), None);
    }
}

#[test]
fn not_all_may_wait() {
    let shared = Retries::new(Retry::default());
    let now = Instant::now();
    let course = || Course::begin(&shared, &mut draft(&Method::GET), now);
    let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| course()).collect();
    assert!(
        waiting
            .iter_mut()
            .all(|course| course.unreached(now).is_some())
    );
    assert_eq!(course().unreached(now), None);
    waiting.pop();
    assert!(course().unreached(now).is_some());
}

#[test]
fn only_what_can_be_sent_again_is_given_up_early() {
    let limit = Duration::from_millis(100);
    let shared = Retries::new(Retry::default().per_try(limit));
    let course = |method| Course::begin(&shared, &mut draft(method), Instant::now());
    assert_eq!(course(&Method::GET).per_try(), Some(limit));
    assert_eq!(course(&Method::POST).per_try(), None);
    assert_eq!(
        course(&Method::POST).timeouts(&Timeouts::default()).connect,
        limit
    );
}

proptest! {
    /// Whatever endpoints answer, the sum of all attempts is within the attempts of each request and the budget of all.
    #[test]
    fn never_beyond_attempts_and_budget(
        attempts in 1u32..6,
        percent in 0u32..=100,
        free in 0u32..3,
        requests in proptest::collection::vec((0u64..3, proptest::collection::vec(any::<bool>(), 5)), 1..80),
    ) {
        let policy = Retry::default().attempts(attempts).budget(percent).min_per_second(free);
        let shared = Retries::new(policy);
        let began = Instant::now();
        let (mut second, mut sent, mut asked) = (0, 0u64, 0u64);
        for (later, fails) in requests {
            second += later;
            asked += 1;
            let now = began + Duration::from_secs(second);
            let mut course = Course::begin(&shared, &mut draft(&Method::GET), now);
            let mut own = 1;
            for failed in fails {
                let outcome = answer(if failed { 503 } else { 200 });
                if !course.wants(&outcome) || course.again(&outcome, true, now).is_none() {
                    break;
                }
                own += 1;
            }
            prop_assert!(own <= u64::from(attempts));
            sent += own;
            let most = asked + asked * u64::from(percent) / 100 + u64::from(free) * (second + 1);
            prop_assert!(sent <= most, "{} of {}", sent, asked);
        }
    }
}
