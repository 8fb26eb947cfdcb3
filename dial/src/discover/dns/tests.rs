mod rounds;

use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_resolver::net::{NetError, NoRecords};
use hickory_resolver::proto::op::{self, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::Instant;

use super::Dns;
use super::ask::{Asked, Query};
use crate::upstream::HostEntry;

type Answer = Result<(Vec<RData>, Duration), NetError>;

const HOLD: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_mins(1);

#[expect(clippy::unnecessary_wraps, reason = "as a resolver tells it")]
fn records(last: &[u8], fresh: Duration) -> Answer {
    let address = |last: &u8| RData::A(Ipv4Addr::new(192, 0, 2, *last).into());
    Ok((last.iter().map(address).collect(), fresh))
}

fn nothing(ttl: Option<u32>) -> Answer {
    let query = op::Query::query(Name::root(), RecordType::A);
    let mut none = NoRecords::new(query, ResponseCode::NXDomain);
    none.negative_ttl = ttl;
    Err(NetError::from(
        hickory_resolver::net::DnsError::NoRecordsFound(none),
    ))
}

/// One question that is answered as told, by and by.
struct Talk {
    query: Query,
    now: Instant,
}

impl Talk {
    fn new() -> Self {
        Self {
            query: Query::new("a", RecordType::A),
            now: Instant::now(),
        }
    }

    /// The last parts of the addresses that are known then, and for how long all is true, or why nothing is.
    fn hears(&mut self, answer: Answer) -> (Vec<u8>, Result<Duration, String>) {
        let mut asked = Asked::new(HOLD);
        self.query.settle(answer, self.now, &mut asked);
        let known = self.query.known().iter().map(|data| match data {
            RData::A(address) => address.octets()[3],
            other => panic!("{other}"),
        });
        let finished = asked
            .finish(!self.query.known().is_empty())
            .map_err(|error| error.to_string());
        (known.collect(), finished)
    }
}

#[test]
fn the_order_of_the_records_does_not_matter() {
    let mut talk = Talk::new();
    for order in [&[3, 1, 2], &[1, 2, 3], &[2, 3, 1]] {
        let told = talk.hears(records(order, MINUTE));
        assert_eq!(told, (vec![1, 2, 3], Ok(MINUTE)));
    }
    assert_eq!(talk.hears(records(&[1, 1], MINUTE)).0, [1]);
}

#[test]
fn what_cannot_be_asked_for_stays() {
    let mut talk = Talk::new();
    let failed = Err("`a` A cannot be asked for".to_owned());
    assert_eq!(talk.hears(Err(NetError::Timeout)), (vec![], failed.clone()));
    talk.hears(records(&[1], MINUTE)).1.unwrap();
    talk.now += 100 * MINUTE;
    for _ in 0..3 {
        assert_eq!(
            talk.hears(Err(NetError::Timeout)),
            (vec![1], failed.clone())
        );
    }
    assert_eq!(talk.hears(records(&[2], MINUTE)).0, [2]);
}

#[test]
fn a_name_without_records_keeps_its_last_ones_for_a_while() {
    let mut talk = Talk::new();
    assert_eq!(
        talk.hears(nothing(Some(3))),
        (vec![], Ok(Duration::from_secs(3)))
    );
    assert_eq!(talk.hears(nothing(None)).1, Ok(Duration::from_secs(5)));

    talk.hears(records(&[1], MINUTE)).1.unwrap();
    talk.now += Duration::from_secs(20);
    // No later than when they go.
    let left = Duration::from_secs(10);
    assert_eq!(talk.hears(nothing(Some(600))), (vec![1], Ok(left)));
    talk.now += left;
    assert_eq!(talk.hears(nothing(Some(600))).0, [0; 0]);
    // Not for ever anew: only records begin it.
    talk.hears(records(&[1], MINUTE)).1.unwrap();
    talk.now += Duration::from_secs(29);
    assert_eq!(talk.hears(nothing(None)).0, [1]);
    talk.hears(Err(NetError::Timeout)).1.unwrap_err();
    talk.now += Duration::from_secs(1);
    assert_eq!(talk.hears(nothing(None)).0, [0; 0]);
}

#[test]
fn of_several_the_first_to_grow_old_counts_and_failures_are_asked_again() {
    let mut asked = Asked::new(HOLD);
    let now = Instant::now();
    let mut hear = |answer| Query::new("a", RecordType::A).settle(answer, now, &mut asked);
    hear(records(&[1], 2 * MINUTE));
    hear(records(&[2], MINUTE));
    hear(Err(NetError::Timeout));
    assert_eq!(asked.finish(true).unwrap(), Duration::from_secs(5));
}

#[test]
fn records_may_stay_for_ever() {
    let now = Instant::now();
    let mut query = Query::new("a", RecordType::A);
    for answer in [records(&[1], MINUTE), nothing(None), nothing(None)] {
        let mut asked = Asked::new(Duration::MAX);
        query.settle(answer, now, &mut asked);
        assert_eq!(query.known().len(), 1);
        assert!(asked.finish(true).unwrap() <= MINUTE);
    }
}

#[test]
fn names_are_asked_for_and_nothing_else() {
    let dns = Dns::addresses(["a:8080", "http://b"]).unwrap();
    assert_eq!(format!("{dns:?}"), "Dns(http://a:8080, http://b:80)");
    assert_eq!(
        format!("{:?}", Dns::service("_http._tcp.api").unwrap()),
        "Dns(_http._tcp.api)"
    );
    for (entry, message) in [
        ("", "\"\": a host is empty"),
        ("[::1]:80", "http://[::1]:80 is an address already"),
    ] {
        let error = Dns::addresses([HostEntry::new(entry)]).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    assert!(Dns::addresses([HostEntry::new("a").weight(0)]).is_err());
    assert!(Dns::addresses([HostEntry::new("a").authority("b/c")]).is_err());
    assert!(Dns::addresses([""; 0]).is_err());
}
