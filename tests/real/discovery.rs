//! Hosts from etcd and from a DNS server, while requests go on.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dial::{Dns, Etcd, ModifiableRequest, ProxyService, Router, Server, ServerHandle, Upstream};
use dial_tests::{Answer, ClosedPort, Origin, RawClient, Scratch, client, eventually, within};
use tokio::task::LocalSet;

use crate::gateway::Gateway;
use crate::process::Process;
use crate::tools::{program, scratch};

const CLIENTS: usize = 8;
const DEADLINE: Duration = Duration::from_mins(1);

/// dial in front of an upstream; ends when dropped.
pub(crate) struct Served {
    pub(crate) addr: SocketAddr,
    handle: ServerHandle,
}

impl Served {
    fn new(upstream: &Upstream) -> Self {
        Self::proxy(dial::proxy(upstream, |request: ModifiableRequest| request))
    }

    pub(crate) fn proxy(proxy: ProxyService) -> Self {
        let server = Server::builder().workers(2).signals(false);
        let server = server.bind("127.0.0.1:0", Router::new().at("/{*path}", proxy));
        let server = server.expect("valid");
        let (addr, handle) = (server.local_addr(), server.handle());
        tokio::spawn(server.run());
        Self { addr, handle }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// Has clients make requests, GET and POST in turn, for as long as `work` takes: each is answered.
async fn under_load(addr: SocketAddr, work: impl Future<Output = ()>) {
    let over = Rc::new(Cell::new(false));
    let local = LocalSet::new();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let over = Rc::clone(&over);
            local.spawn_local(async move {
                let mut client = RawClient::connect(addr).await;
                let mut requests = 0_u32;
                while !over.get() {
                    let method = ["GET", "POST"][requests as usize % 2];
                    let body = "Content-Length: 0\r\n\r\n";
                    client
                        .send(format!("{method} / HTTP/1.1\r\nHost: a\r\n{body}"))
                        .await;
                    let response = client.read_response().await;
                    assert_eq!(response.status, 200, "request {requests}");
                    requests += 1;
                }
                requests
            })
        })
        .collect();
    let all = async {
        work.await;
        over.set(true);
        for client in clients {
            let requests = client.await.expect("a client that is content");
            assert!(requests > 0);
        }
    };
    local.run_until(all).await;
}

/// Waits for these hosts, in any order.
async fn hosts_are(upstream: &Upstream, expected: &[String]) {
    let mut expected = expected.to_vec();
    expected.sort();
    let sorted = || {
        let mut hosts = upstream.hosts();
        hosts.sort();
        hosts
    };
    eventually(|| sorted() == expected).await;
}

fn urls<const N: usize>(origins: [&Origin; N]) -> [String; N] {
    origins.map(Origin::url)
}

/// An etcd of one member that keeps its data when it is killed.
struct Cluster {
    client: ClosedPort,
    peer: ClosedPort,
    folder: Scratch,
    process: Option<Process>,
}

impl Cluster {
    async fn start() -> Self {
        let mut cluster = Self {
            client: ClosedPort::new(),
            peer: ClosedPort::new(),
            folder: scratch(),
            process: None,
        };
        cluster.restart().await;
        cluster
    }

    fn url(&self) -> String {
        format!("http://{}", self.client.addr())
    }

    async fn restart(&mut self) {
        let (client, peer) = (self.url(), format!("http://{}", self.peer.addr()));
        let mut command = program("etcd");
        command
            .arg("--data-dir")
            .arg(self.folder.path())
            .args(["--listen-client-urls", &client])
            .args(["--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer])
            .args(["--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}")])
            .args(["--logger", "zap", "--log-level", "error"]);
        self.process = Some(Process::start("etcd", command));
        let mut command = self.ctl(&["--command-timeout=30s", "endpoint", "health"]);
        command.arg("--dial-timeout=30s");
        within(DEADLINE, run(command)).await;
    }

    /// At once, as a machine that loses its power.
    fn kill(&mut self) {
        self.process = None;
    }

    fn ctl(&self, args: &[&str]) -> tokio::process::Command {
        let mut command = program("etcdctl");
        command.env("ETCDCTL_API", "3").arg("--endpoints");
        command.arg(self.client.addr().to_string()).args(args);
        command
    }

    async fn put(&self, key: &str, value: &str) {
        within(DEADLINE, run(self.ctl(&["put", key, value]))).await;
    }

    async fn delete(&self, key: &str) {
        within(DEADLINE, run(self.ctl(&["del", key]))).await;
    }
}

async fn run(mut command: tokio::process::Command) {
    let output = command.kill_on_drop(true).output().await.expect("a child");
    assert!(output.status.success(), "{command:?}: {output:?}");
}

fn from(etcd: Etcd) -> (Upstream, Served) {
    let upstream = Upstream::builder().discover(etcd).build().expect("valid");
    let served = Served::new(&upstream);
    (upstream, served)
}

#[tokio::test]
async fn etcd_brings_hosts_and_takes_them_away() {
    let cluster = Cluster::start().await;
    let [one, two, three] = ["1", "2", "3"].map(Origin::named);
    cluster.put("/elsewhere/0", &three.url()).await;
    cluster.put("/api/1", &one.url()).await;
    let (upstream, served) = from(Etcd::new([cluster.url()], "/api/").expect("valid"));
    under_load(
        served.addr,
        Box::pin(async {
            hosts_are(&upstream, &urls([&one])).await;
            cluster
                .put("/api/2", &format!("{} weight=3", two.url()))
                .await;
            hosts_are(&upstream, &urls([&one, &two])).await;
            let before = two.count();
            eventually(|| two.count() > before + 10).await;
            assert_eq!(upstream.status()[1].weight, 3);

            // The same host under another name, as of an instance that began anew before its old lease has ended.
            cluster.put("/api/0", &one.url()).await;
            cluster.delete("/api/1").await;
            // What is no host keeps nobody else from coming.
            cluster.put("/api/3", "no host").await;
            cluster.put("/api/4", &three.url()).await;
            hosts_are(&upstream, &urls([&one, &two, &three])).await;
            cluster.delete("/api/0").await;
            hosts_are(&upstream, &urls([&two, &three])).await;
        }),
    )
    .await;
    cluster.delete("/api/2").await;
    hosts_are(&upstream, &urls([&three])).await;
    // What is no host does not say that nobody is up; that there is no key does.
    let log = dial_tests::Log::of("dial::upstream");
    cluster.delete("/api/4").await;
    log.line("no list of hosts, so those known stay: key \"/api/3\"")
        .await;
    hosts_are(&upstream, &urls([&three])).await;
    cluster.delete("/api/3").await;
    eventually(|| upstream.is_empty()).await;
    assert_eq!(client::get(served.addr, "/").await.status, 503);
    cluster.put("/api/1", &one.url()).await;
    hosts_are(&upstream, &urls([&one])).await;
    assert_eq!(client::get(served.addr, "/").await.origin(), "1");
}

#[tokio::test]
async fn etcd_that_is_killed_and_started_again_loses_no_request() {
    let mut cluster = Cluster::start().await;
    let [one, two, three] = ["1", "2", "3"].map(Origin::named);
    cluster.put("/api/1", &one.url()).await;
    cluster.put("/api/2", &two.url()).await;
    // The first member is never there.
    let nobody = ClosedPort::new();
    let members = [format!("http://{}", nobody.addr()), cluster.url()];
    let (upstream, served) = from(Etcd::new(members, "/api/").expect("valid"));
    under_load(
        served.addr,
        Box::pin(async {
            hosts_are(&upstream, &urls([&one, &two])).await;
            for _ in 0..2 {
                cluster.kill();
                let before = one.count() + two.count();
                eventually(|| one.count() + two.count() > before + 1000).await;
                hosts_are(&upstream, &urls([&one, &two])).await;
                cluster.restart().await;
                cluster.put("/api/3", &three.url()).await;
                hosts_are(&upstream, &urls([&one, &two, &three])).await;
                // Whatever it did to come back: now it hears of changes again.
                cluster.delete("/api/3").await;
                hosts_are(&upstream, &urls([&one, &two])).await;
            }
        }),
    )
    .await;
}

#[tokio::test]
async fn etcd_may_ask_for_a_name_and_a_password() {
    let cluster = Cluster::start().await;
    let [one, two] = ["1", "2"].map(Origin::named);
    cluster.put("/api/1", &one.url()).await;
    for args in [
        &["user", "add", "root:secret"][..],
        &["user", "grant-role", "root", "root"],
        &["auth", "enable"],
    ] {
        run(cluster.ctl(args)).await;
    }
    let etcd = || Etcd::new([cluster.url()], "/api/").expect("valid");
    let builder = Upstream::builder().discover(etcd());
    let refused = builder.build().expect("valid");
    let log = dial_tests::Log::of("dial::upstream");
    let (upstream, served) = from(etcd().user("root", "secret"));
    upstream.discovered().await;
    assert_eq!(client::get(served.addr, "/").await.origin(), "1");
    let _served = Served::new(&refused);
    let line = log.line("400 Bad Request to /v3/kv/range").await;
    assert!(line.contains("user name is empty"), "{line}");
    assert!(refused.is_empty());

    let mut put = cluster.ctl(&["--user", "root:secret", "put", "/api/2"]);
    put.arg(two.url());
    run(put).await;
    hosts_are(&upstream, &urls([&one, &two])).await;
}

/// As a user does it.
#[tokio::test]
async fn the_gateway_learns_hosts_from_etcd() {
    let cluster = Cluster::start().await;
    let [one, two] = ["1", "2"].map(Origin::named);
    cluster.put("/api/1", &one.url()).await;
    let source = format!("etcd:{}//api/", cluster.client.addr());
    let mut gateway = Gateway::discovering(&source).await;
    assert_eq!(client::get(gateway.addr, "/").await.origin(), "1");
    cluster.put("/api/1", &two.url()).await;
    two_answers(gateway.addr).await;
    gateway.assert_runs();
}

async fn two_answers(addr: SocketAddr) {
    let answered = async { while client::get(addr, "/").await.origin() != "2" {} };
    within(DEADLINE, answered).await;
}

/// A DNS server for the domain `test`, with a file of addresses and a list of services.
struct NameServer {
    port: ClosedPort,
    folder: Scratch,
    process: Option<Process>,
}

impl NameServer {
    fn new() -> Self {
        Self {
            port: ClosedPort::new(),
            folder: scratch(),
            process: None,
        }
    }

    fn addr(&self) -> SocketAddr {
        self.port.addr()
    }

    fn file(&self) -> impl AsRef<Path> {
        self.folder.path().join("hosts")
    }

    /// Which addresses `api.test` has, from the next start or [`reload`](Self::reload) on.
    fn write(&self, addresses: &[[u8; 4]]) {
        let lines = addresses.iter().map(|address| {
            let address = Ipv4Addr::from(*address);
            format!("{address} api.test\n")
        });
        std::fs::write(self.file(), lines.collect::<String>()).expect("room");
    }

    async fn start(&mut self, services: &[String]) {
        let mut command = program("dnsmasq");
        command
            .args([
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--pid-file",
            ])
            .args(["--user=root", "--no-resolv", "--no-hosts", "--local=/test/"])
            .args(["--listen-address=127.0.0.1", "--bind-interfaces"])
            .args(["--local-ttl=1", "--log-facility=/dev/null"])
            .arg(format!("--port={}", self.addr().port()))
            .arg(format!("--addn-hosts={}", self.file().as_ref().display()))
            .args(services);
        self.process = Some(Process::start("dnsmasq", command));
        let addr = self.addr();
        eventually(|| std::net::TcpStream::connect(addr).is_ok()).await;
    }

    async fn reload(&self) {
        let id = self.process.as_ref().and_then(Process::id);
        let mut command = program("kill");
        command.args(["-HUP", &id.expect("it runs").to_string()]);
        run(command).await;
    }

    fn kill(&mut self) {
        self.process = None;
    }
}

/// An origin at one port of all addresses of the loopback network; tells which were connected to.
fn everywhere() -> (Origin, u16, Arc<Mutex<Vec<IpAddr>>>) {
    let origin = Origin::answering(|_| Answer::ok("here"));
    let listener = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let port = listener.local_addr().expect("bound").port();
    let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime");
    let seen = Arc::<Mutex<Vec<IpAddr>>>::default();
    let (noting, to) = (Arc::clone(&seen), origin.addr());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let at = stream.local_addr().expect("connected").ip();
            noting.lock().expect("no panic").push(at);
            tokio::spawn(async move {
                let mut there = tokio::net::TcpStream::connect(to).await.expect("an origin");
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut there).await;
            });
        }
    });
    (origin, port, seen)
}

#[tokio::test]
async fn addresses_come_and_go() {
    let mut dns = NameServer::new();
    let (_origin, port, seen) = everywhere();
    let url = |last: u8| format!("http://127.0.0.{last}:{port}");
    dns.write(&[[127, 0, 0, 2]]);
    dns.start(&[]).await;
    let source = Dns::addresses([format!("api.test:{port}")]).expect("a name");
    let source = source.servers([dns.addr()]).hold(Duration::from_secs(2));
    let upstream = Upstream::builder().discover(source).build();
    let upstream = upstream.expect("valid");
    let served = Served::new(&upstream);
    under_load(
        served.addr,
        Box::pin(async {
            hosts_are(&upstream, &[url(2)]).await;
            dns.write(&[[127, 0, 0, 2], [127, 0, 0, 3], [127, 0, 0, 4]]);
            dns.reload().await;
            hosts_are(&upstream, &[url(2), url(3), url(4)]).await;
            let third = IpAddr::from([127, 0, 0, 3]);
            eventually(|| seen.lock().expect("no panic").contains(&third)).await;
            dns.write(&[[127, 0, 0, 4]]);
            dns.reload().await;
            hosts_are(&upstream, &[url(4)]).await;

            // Without a server what was known last stays, for longer than a name without addresses would keep it.
            dns.kill();
            tokio::time::timeout(Duration::from_secs(3), hosts_are(&upstream, &[]))
                .await
                .expect_err("they stay");
            hosts_are(&upstream, &[url(4)]).await;
            dns.write(&[[127, 0, 0, 5], [127, 0, 0, 4]]);
            dns.start(&[]).await;
            hosts_are(&upstream, &[url(4), url(5)]).await;
        }),
    )
    .await;
    // A name that has none is believed in the end.
    dns.write(&[]);
    dns.reload().await;
    eventually(|| upstream.is_empty()).await;
    assert_eq!(client::get(served.addr, "/").await.status, 503);
}

#[tokio::test]
async fn services_have_weights_and_backups() {
    let mut dns = NameServer::new();
    dns.write(&[[127, 0, 0, 1]]);
    let [one, two, three] = ["1", "2", "3"].map(Origin::named);
    let srv = |origin: &Origin, priority: u16, weight: u16| {
        let port = origin.port();
        format!("--srv-host=_http._tcp.test,api.test,{port},{priority},{weight}")
    };
    dns.start(&[srv(&one, 10, 3), srv(&two, 10, 1), srv(&three, 20, 0)])
        .await;
    let source = Dns::service("_http._tcp.test").expect("a name");
    let builder = Upstream::builder().discover(source.servers([dns.addr()]));
    let upstream = builder.build().expect("valid");
    let served = Served::new(&upstream);
    upstream.discovered().await;
    let status: Vec<_> = upstream.status();
    let status = status
        .iter()
        .map(|host| (host.host.clone(), host.weight, host.backup));
    let mut status: Vec<_> = status.collect();
    status.sort();
    let mut expected = vec![
        (one.url(), 3, false),
        (two.url(), 1, false),
        (three.url(), 1, true),
    ];
    expected.sort();
    assert_eq!(status, expected);
    for _ in 0..8 {
        assert_eq!(client::get(served.addr, "/").await.status, 200);
    }
    assert_eq!([&one, &two, &three].map(Origin::count), [6, 2, 0]);

    under_load(
        served.addr,
        Box::pin(async {
            dns.kill();
            dns.start(&[srv(&three, 5, 1), srv(&two, 10, 1)]).await;
            hosts_are(&upstream, &urls([&two, &three])).await;
            let before = three.count();
            eventually(|| three.count() > before + 10).await;
        }),
    )
    .await;
}
