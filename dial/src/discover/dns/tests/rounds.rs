//! What is told when only some of the questions are answered.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::net::UdpSocket;

use crate::Dns;
use crate::upstream::{Host, HostEntry, Upstream};

/// The records of a name and kind; a code if it has none.
type Zone = HashMap<(&'static str, RecordType), Result<Vec<RData>, ResponseCode>>;

/// A DNS server; what it has nothing about has no records.
struct NameServer {
    addr: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        let zone = Arc::<Mutex<Zone>>::default();
        let asked = Arc::<AtomicUsize>::default();
        let (answers, count) = (Arc::clone(&zone), Arc::clone(&asked));
        tokio::spawn(async move {
            let mut packet = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut packet).await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let question = Message::from_vec(&packet[..length]).unwrap();
                let answer = answer(question, &answers.lock().unwrap());
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { addr, zone, asked }
    }

    fn has(&self, name: &'static str, addresses: &[u8]) {
        let records = addresses
            .iter()
            .map(|last| RData::A(Ipv4Addr::new(10, 0, 0, *last).into()));
        self.set(name, RecordType::A, Ok(records.collect()));
    }

    fn points_at(&self, targets: &[&str]) {
        let target = |name: &&str| RData::SRV(SRV::new(1, 1, 80, name.parse().unwrap()));
        let records = targets.iter().map(target).collect();
        self.set("_http._tcp.test.", RecordType::SRV, Ok(records));
    }

    fn fails(&self, name: &'static str, kind: RecordType) {
        self.set(name, kind, Err(ResponseCode::ServFail));
    }

    fn set(&self, name: &'static str, kind: RecordType, to: Result<Vec<RData>, ResponseCode>) {
        self.zone.lock().unwrap().insert((name, kind), to);
    }

    fn service(&self) -> Dns {
        let dns = Dns::service("_http._tcp.test.").unwrap();
        dns.servers([self.addr])
    }
}

fn answer(question: Message, zone: &Zone) -> Vec<u8> {
    let query = question.queries[0].clone();
    let name = query.name().to_ascii();
    let mut answer = question.into_response();
    match zone.get(&(name.as_str(), query.query_type())) {
        Some(Ok(records)) => {
            let record = |data: &RData| Record::from_rdata(query.name().clone(), 1, data.clone());
            answer.add_answers(records.iter().map(record));
        }
        Some(Err(code)) => answer.metadata.response_code = *code,
        None => {}
    }
    answer.to_vec().unwrap()
}

/// The last parts of the addresses that a round tells, in order; `None` for an error.
async fn asks(dns: &mut Dns) -> Option<Vec<u8>> {
    let hosts = dns.ask().await.ok()?;
    let lasts = hosts
        .iter()
        .map(|entry| match entry.address().unwrap().host {
            Host::Ip(IpAddr::V4(address)) => address.octets()[3],
            other => panic!("{other}"),
        });
    let mut lasts: Vec<u8> = lasts.collect();
    lasts.sort_unstable();
    Some(lasts)
}

#[tokio::test]
async fn nobody_is_believed_only_if_all_say_so() {
    let server = NameServer::start().await;
    let dns = || {
        Dns::addresses(["a.test.", "b.test."])
            .unwrap()
            .servers([server.addr])
    };
    // That there is no AAAA says nothing about A.
    server.fails("a.test.", RecordType::A);
    server.fails("b.test.", RecordType::A);
    assert_eq!(asks(&mut dns()).await, None);
    // One name is enough to begin with.
    server.has("a.test.", &[1]);
    let mut both = dns();
    assert_eq!(asks(&mut both).await, Some(vec![1]));
    // Its addresses stay while it cannot be asked for, whatever the other says.
    server.fails("a.test.", RecordType::A);
    server.has("b.test.", &[2]);
    assert_eq!(asks(&mut both).await, Some(vec![1, 2]));
    for name in ["a.test.", "b.test."] {
        server.has(name, &[]);
    }
    assert_eq!(asks(&mut dns()).await, Some(vec![]));
}

/// A kind that can never be asked for, as behind a server that does not know AAAA, is not waited for.
#[tokio::test]
async fn one_kind_of_address_is_enough() {
    let server = NameServer::start().await;
    server.has("a.test.", &[1]);
    server.fails("a.test.", RecordType::AAAA);
    let dns = Dns::addresses(["a.test."]).unwrap();
    let mut dns = dns.servers([server.addr]).hold(Duration::ZERO);
    assert_eq!(asks(&mut dns).await, Some(vec![1]));
    server.has("a.test.", &[2]);
    assert_eq!(asks(&mut dns).await, Some(vec![2]));
    // But alone it cannot be believed that there is nothing.
    server.has("a.test.", &[]);
    assert_eq!(asks(&mut dns).await, None);
}

#[tokio::test]
async fn hosts_that_are_there_stay_until_something_is_known() {
    let server = NameServer::start().await;
    server.fails("a.test.", RecordType::A);
    let dns = Dns::addresses(["http://a.test.:8080"]).unwrap();
    let builder = Upstream::builder().hosts(["10.0.0.9:8080"]);
    let upstream = builder
        .discover(dns.servers([server.addr]))
        .build()
        .unwrap();
    upstream.start_discovery();
    let step = async || {
        assert!(!upstream.is_empty());
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let watched = async {
        // Round after round.
        while server.asked.load(Ordering::SeqCst) < 20 {
            step().await;
        }
        assert_eq!(upstream.hosts(), ["http://10.0.0.9:8080"]);
        server.has("a.test.", &[1]);
        while upstream.hosts() != ["http://10.0.0.1:8080"] {
            step().await;
        }
    };
    let watched = tokio::time::timeout(Duration::from_mins(1), watched).await;
    watched.expect("the new one");
}

#[tokio::test]
async fn targets_stay_until_those_that_replace_them_are_known() {
    let server = NameServer::start().await;
    let mut dns = server.service();
    server.points_at(&["a.test.", "b.test."]);
    server.has("a.test.", &[1]);
    server.has("b.test.", &[2]);
    assert_eq!(asks(&mut dns).await, Some(vec![1, 2]));

    // None of the new ones, then one, then both.
    server.points_at(&["c.test.", "d.test."]);
    server.fails("c.test.", RecordType::A);
    server.fails("d.test.", RecordType::A);
    assert_eq!(asks(&mut dns).await, Some(vec![1, 2]));
    server.has("c.test.", &[3]);
    assert_eq!(asks(&mut dns).await, Some(vec![1, 2, 3]));
    server.has("d.test.", &[4]);
    assert_eq!(asks(&mut dns).await, Some(vec![3, 4]));

    // One that was not gone for good.
    server.points_at(&["e.test.", "d.test."]);
    assert_eq!(asks(&mut dns).await, Some(vec![3, 4]));
    server.points_at(&["c.test.", "d.test."]);
    assert_eq!(asks(&mut dns).await, Some(vec![3, 4]));
    server.points_at(&["d.test."]);
    assert_eq!(asks(&mut dns).await, Some(vec![4]));
}

#[tokio::test]
async fn targets_that_have_gone_stay_no_longer_than_anything_else() {
    let server = NameServer::start().await;
    let mut dns = server.service().hold(Duration::ZERO);
    server.points_at(&["a.test."]);
    server.has("a.test.", &[1]);
    assert_eq!(asks(&mut dns).await, Some(vec![1]));
    server.points_at(&["b.test.", "c.test."]);
    server.fails("b.test.", RecordType::A);
    // Nobody says that nobody is up.
    assert_eq!(asks(&mut dns).await, None);
    server.has("c.test.", &[3]);
    assert_eq!(asks(&mut dns).await, Some(vec![3]));
    server.points_at(&[]);
    assert_eq!(asks(&mut dns).await, Some(vec![]));
}

/// The socket is the address; Host and certificate are the name's.
#[tokio::test]
async fn hosts_are_called_what_their_names_are() {
    let server = NameServer::start().await;
    server.has("a.test.", &[1]);
    let names = [
        HostEntry::new("https://a.test.:8443").weight(2),
        HostEntry::new("http://a.test.").authority("b.test:8080"),
    ];
    let mut dns = Dns::addresses(names).unwrap().servers([server.addr]);
    assert_eq!(
        dns.ask().await.unwrap(),
        [
            HostEntry::new("https://10.0.0.1:8443")
                .weight(2)
                .authority("a.test.:8443"),
            HostEntry::new("http://10.0.0.1:80").authority("b.test:8080"),
        ]
    );
    let target = RData::SRV(SRV::new(1, 1, 443, "A.test.".parse().unwrap()));
    server.set("_https._tcp.test.", RecordType::SRV, Ok(vec![target]));
    let dns = Dns::service("_https._tcp.test.").unwrap();
    assert_eq!(
        dns.servers([server.addr]).ask().await.unwrap(),
        [HostEntry::new("https://10.0.0.1:443").authority("a.test.")]
    );
}
