//! Hosts that a source tells while the proxy runs: sources of one's own, and files.

use std::fs;
use std::path::PathBuf;

use dial::{BoxError, Discover, HostEntry, HostFile, ModifiableRequest, Router, Server, Upstream};
use dial_tests::{Gate, Log, Origin, RawClient, Scratch, client, eventually};
use tokio::sync::mpsc;

use crate::harness::{Axum, Served};

type Told = Result<Vec<HostEntry>, BoxError>;

/// A source that tells what a test sends, once its gate is open.
struct Sent {
    name: &'static str,
    lists: mpsc::UnboundedReceiver<Told>,
    gate: Gate,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sent({})", self.name)
    }
}

impl Discover for Sent {
    async fn next(&mut self) -> Option<Told> {
        self.gate.passed().await;
        self.lists.recv().await
    }
}

fn sent(name: &'static str) -> (Upstream, mpsc::UnboundedSender<Told>, Gate) {
    let (lists, receiver) = mpsc::unbounded_channel();
    let gate = Gate::opened();
    let source = Sent {
        name,
        lists: receiver,
        gate: gate.clone(),
    };
    let upstream = Upstream::builder().discover(source).build().expect("valid");
    (upstream, lists, gate)
}

fn proxy(upstream: &Upstream) -> dial::ProxyService {
    dial::proxy(upstream, |request: ModifiableRequest| request)
}

fn hosts(origins: &[&Origin]) -> Vec<HostEntry> {
    let urls = origins.iter().map(|origin| origin.url());
    urls.map(HostEntry::new).collect()
}

async fn status(addr: std::net::SocketAddr) -> u16 {
    client::get(addr, "/").await.status
}

/// On four workers and two routes there is one that asks.
#[tokio::test]
async fn serve_waits_for_the_first_hosts() {
    let [one, two] = ["1", "2"].map(Origin::named);
    let (upstream, lists, gate) = sent("waits");
    gate.close();
    let router = Router::new()
        .at("/{*path}", proxy(&upstream))
        .at("/b", proxy(&upstream));
    let served = Served::server(Server::builder().workers(4), router);
    let mut early = RawClient::connect(served.addr).await;
    early.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    lists.send(Ok(hosts(&[&one]))).expect("it is asked");
    gate.open();
    assert_eq!(early.read_response().await.origin(), "1");
    assert_eq!(client::get(served.addr, "/b").await.origin(), "1");

    lists.send(Ok(hosts(&[&two]))).expect("it is asked");
    eventually(|| upstream.hosts() == [two.url()]).await;
    assert_eq!(client::get(served.addr, "/").await.origin(), "2");
    lists.send(Ok(Vec::new())).expect("it is asked");
    eventually(|| upstream.is_empty()).await;
    assert_eq!(status(served.addr).await, 503);
}

#[tokio::test]
async fn a_mounted_proxy_asks_too() {
    let one = Origin::named("1");
    let (upstream, lists, _gate) = sent("mounted");
    let axum = Axum::proxy(proxy(&upstream)).await;
    assert_eq!(status(axum.addr).await, 503, "before anything is known");
    lists.send(Ok(hosts(&[&one]))).expect("it is asked");
    upstream.discovered().await;
    assert_eq!(client::get(axum.addr, "/").await.origin(), "1");
}

/// The server that asked has ended; another one with the same upstream goes on.
#[tokio::test]
async fn the_next_server_goes_on() {
    let [one, two] = ["1", "2"].map(Origin::named);
    let (upstream, lists, _gate) = sent("next");
    lists.send(Ok(hosts(&[&one]))).expect("it is asked");
    let first = Served::proxy(proxy(&upstream));
    assert_eq!(client::get(first.addr, "/").await.origin(), "1");
    first.handle().shutdown();
    first.ended().await.expect("in peace");

    lists.send(Ok(hosts(&[&two]))).expect("it is asked");
    let second = Served::proxy(proxy(&upstream));
    eventually(|| upstream.hosts() == [two.url()]).await;
    assert_eq!(client::get(second.addr, "/").await.origin(), "2");
}

/// An endpoint that stays keeps its connections.
#[tokio::test]
async fn what_stays_keeps_its_connections() {
    let [one, two] = ["1", "2"].map(Origin::named);
    let (upstream, lists, _gate) = sent("stays");
    lists.send(Ok(hosts(&[&one]))).expect("it is asked");
    let served = Served::server(
        Server::builder().workers(1),
        Router::new().at("/{*path}", proxy(&upstream)),
    );
    client::get(served.addr, "/").await;
    lists.send(Ok(hosts(&[&two, &one]))).expect("it is asked");
    eventually(|| upstream.len() == 2).await;
    for _ in 0..4 {
        client::get(served.addr, "/").await;
    }
    assert_eq!((one.count(), one.connections()), (3, 1));
}

/// The last hosts stay, and the log has the loss once and the return once.
#[tokio::test]
async fn a_loss_is_logged_once_and_so_is_its_end() {
    let one = Origin::named("1");
    let log = Log::of("dial::upstream");
    let (upstream, lists, _gate) = sent("loss");
    let served = Served::proxy(proxy(&upstream));
    lists.send(Ok(hosts(&[&one]))).expect("it is asked");
    assert_eq!(status(served.addr).await, 200);
    for _ in 0..3 {
        let error = Err("the oracle of test 77 is silent".into());
        lists.send(error).expect("it is asked");
    }
    let twice = hosts(&[&one, &one]);
    lists.send(Ok(twice)).expect("it is asked");
    let line = log
        .line(&format!("{:?} is the same as hosts[0]", one.url()))
        .await;
    assert!(line.contains("WARN"), "{line}");
    assert_eq!(log.lines("the oracle of test 77 is silent").len(), 1);
    assert_eq!(status(served.addr).await, 200);

    lists.send(Ok(hosts(&[&one]))).expect("it is asked");
    let back = "hosts are told again source=Sent(loss)";
    log.line(back).await;
    assert_eq!(log.lines(back).len(), 1);
    assert_eq!(upstream.hosts(), [one.url()]);
}

/// An empty folder, removed when dropped.
struct Folder(Scratch);

impl Folder {
    fn new() -> Self {
        Self(Scratch::new(env!("CARGO_TARGET_TMPDIR")))
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.at(name), text).expect("room");
    }
}

fn watching(path: PathBuf) -> (Upstream, Served) {
    let builder = Upstream::builder().discover(HostFile::new(path));
    let upstream = builder.build().expect("valid");
    let served = Served::proxy(proxy(&upstream));
    (upstream, served)
}

#[tokio::test]
async fn a_file_may_be_written_in_place_or_renamed_over() {
    let [one, two] = ["1", "2"].map(Origin::named);
    let folder = Folder::new();
    let line = format!("# the first\n{} weight=3 # large\n", one.url());
    folder.write("hosts", &line);
    let (upstream, served) = watching(folder.at("hosts"));
    assert_eq!(client::get(served.addr, "/").await.origin(), "1");
    assert_eq!(upstream.status()[0].weight, 3);

    folder.write("hosts", &format!("{}\n", two.url()));
    eventually(|| upstream.hosts() == [two.url()]).await;
    folder.write("new", &format!("{}\n{} backup\n", two.url(), one.url()));
    fs::rename(folder.at("new"), folder.at("hosts")).expect("one file system");
    eventually(|| upstream.hosts() == [two.url(), one.url()]).await;
    assert_eq!(client::get(served.addr, "/").await.origin(), "2");

    folder.write("hosts", "# nobody\n");
    eventually(|| upstream.is_empty()).await;
    assert_eq!(status(served.addr).await, 503);
}

/// As Kubernetes changes a mounted config map: the file is a link through a folder, which is a link that is replaced.
#[cfg(unix)]
#[tokio::test]
async fn a_link_may_be_pointed_elsewhere() {
    use std::os::unix::fs::symlink;

    let [one, two] = ["1", "2"].map(Origin::named);
    let folder = Folder::new();
    for (version, origin) in [("1", &one), ("2", &two)] {
        fs::create_dir(folder.at(version)).expect("room");
        folder.write(&format!("{version}/hosts"), &origin.url());
    }
    symlink("1", folder.at("data")).expect("links");
    symlink("data/hosts", folder.at("hosts")).expect("links");
    let (upstream, served) = watching(folder.at("hosts"));
    assert_eq!(client::get(served.addr, "/").await.origin(), "1");
    symlink("2", folder.at("next")).expect("links");
    fs::rename(folder.at("next"), folder.at("data")).expect("one file system");
    eventually(|| upstream.hosts() == [two.url()]).await;
    assert_eq!(client::get(served.addr, "/").await.origin(), "2");
}

#[tokio::test]
async fn a_file_that_is_bad_or_gone_changes_nothing() {
    let [one, two] = ["1", "2"].map(Origin::named);
    let log = Log::of("dial::upstream");
    let folder = Folder::new();
    let path = folder.at("hosts");
    let marker = path.to_str().expect("UTF-8").to_owned();
    folder.write("hosts", &one.url());
    let (upstream, served) = watching(path.clone());
    assert_eq!(client::get(served.addr, "/").await.origin(), "1");

    for (text, why) in [
        ("", &*format!("{marker}: the file is empty")),
        ("http://a\nhttp://b c7", "line 2: \"c7\" is none of"),
        ("a7\na7", "\"a7\" is the same as hosts[0]"),
    ] {
        folder.write("hosts", text);
        log.line(why).await;
        assert_eq!(client::get(served.addr, "/").await.origin(), "1");
    }
    fs::remove_file(&path).expect("it is there");
    log.line(&format!("cannot read {marker}")).await;
    fs::create_dir(&path).expect("room");
    log.line("it is not a file").await;
    assert_eq!(client::get(served.addr, "/").await.origin(), "1");

    fs::remove_dir(&path).expect("it is there");
    folder.write("hosts", &two.url());
    eventually(|| upstream.hosts() == [two.url()]).await;
    assert_eq!(client::get(served.addr, "/").await.origin(), "2");
}
