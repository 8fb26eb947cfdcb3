//! Rate limits that instances share through Redis.

use std::time::Duration;

use dial::{HashOn, ModifiableRequest, RateLimit, RedisStore, UpstreamTls};
use dial_tests::{
    ClosedPort, Identity, Log, Origin, RawClient, Scratch, client, eventually, within,
};
use tokio::task::JoinSet;

use crate::discovery::Served;
use crate::process::Process;
use crate::tools::{program, scratch};

const DEADLINE: Duration = Duration::from_mins(1);

/// A Redis that keeps nothing when it ends.
struct Redis {
    port: ClosedPort,
    folder: Scratch,
    options: &'static [&'static str],
    process: Option<Process>,
}

impl Redis {
    async fn start(options: &'static [&'static str]) -> Self {
        let mut redis = Self::stopped(options);
        redis.restart().await;
        redis
    }

    fn stopped(options: &'static [&'static str]) -> Self {
        Self {
            port: ClosedPort::new(),
            folder: scratch(),
            options,
            process: None,
        }
    }

    async fn restart(&mut self) {
        let port = self.port.addr().port().to_string();
        self.launch(&["--port", &port]).await;
    }

    async fn launch(&mut self, listen: &[&str]) {
        let mut command = program("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--loglevel", "warning", "--dir"])
            .arg(self.folder.path())
            .args(listen)
            .args(self.options);
        self.process = Some(Process::start("redis", command));
        let addr = self.port.addr();
        eventually(|| std::net::TcpStream::connect(addr).is_ok()).await;
    }

    /// At once, as a machine that loses its power.
    async fn kill(&mut self) {
        self.process = None;
        let addr = self.port.addr();
        eventually(|| std::net::TcpStream::connect(addr).is_err()).await;
    }

    fn url(&self) -> String {
        format!("redis://{}", self.port.addr())
    }

    fn store(&self) -> RedisStore {
        patient(&self.url())
    }

    /// What a command answers, a line each.
    async fn ask(&self, command: &[&str]) -> Vec<String> {
        let mut cli = program("redis-cli");
        cli.arg("-p").arg(self.port.addr().port().to_string());
        let output = cli.args(command).output().await.expect("a child");
        assert!(output.status.success(), "{command:?}: {output:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines().map(str::to_owned).collect()
    }
}

/// A busy machine is slow, and then nothing is lost that the test does not lose.
fn patient(url: &str) -> RedisStore {
    RedisStore::new(url).expect("a URL").timeout(DEADLINE)
}

/// An instance of dial that shares a limit.
fn instance(origin: &Origin, limit: RateLimit, store: &RedisStore) -> Served {
    let proxy = dial::proxy([origin.url()], |request: ModifiableRequest| request);
    Served::proxy(proxy.rate_limit(limit.shared("api", store)))
}

fn per_hour(requests: u32) -> RateLimit {
    RateLimit::per_hour(requests).expect("a limit")
}

/// So many requests of a tenant to each of them, all at once; how many got through.
async fn let_through(instances: [&Served; 2], tenant: &'static str, requests: usize) -> usize {
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        for addr in instances.map(|instance| instance.addr) {
            clients.spawn(async move {
                let mut client = RawClient::connect(addr).await;
                let mut through = 0;
                for _ in 0..requests / 4 {
                    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Tenant: {tenant}\r\n\r\n");
                    client.send(head).await;
                    let response = client.read_response().await;
                    match response.status {
                        200 => through += 1,
                        status => {
                            assert_eq!(status, 429);
                            let wait = response.headers.get("retry-after").expect("a time");
                            let wait: u64 = wait.parse().expect("seconds");
                            assert!((1..=3600).contains(&wait), "{wait}");
                        }
                    }
                }
                through
            });
        }
    }
    clients.join_all().await.into_iter().sum()
}

#[tokio::test]
async fn two_instances_share_a_limit_exactly() {
    let redis = Redis::start(&[]).await;
    let origin = Origin::named("a");
    let limit = || per_hour(37).by(HashOn::header("X-Tenant").expect("a name"));
    let [one, two] = [(); 2].map(|()| instance(&origin, limit(), &redis.store()));
    for (count, tenant) in ["a", "b"].into_iter().enumerate() {
        assert_eq!(let_through([&one, &two], tenant, 80).await, 37);
        assert_eq!(origin.count(), 37 * (count + 1));
    }
    // All that is left of a tenant is one key, which will go by itself once all that it used is there again.
    let keys = redis.ask(&["KEYS", "*"]).await;
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in &keys {
        assert!(key.starts_with("dial:api:"), "{key}");
        let life: u64 = redis.ask(&["PTTL", key]).await[0].parse().expect("a time");
        assert!((1..=3_600_000).contains(&life), "{life}");
    }
}

#[tokio::test]
async fn what_was_used_comes_back_one_by_one() {
    let redis = Redis::start(&[]).await;
    let origin = Origin::named("a");
    // One each 100 ms.
    let limit = RateLimit::per_minute(600).and_then(|limit| limit.burst(1));
    let served = instance(&origin, limit.expect("a limit"), &redis.store());
    let several = async {
        while origin.count() < 5 {
            let status = client::get(served.addr, "/").await.status;
            assert!([200, 429].contains(&status), "{status}");
        }
    };
    within(DEADLINE, several).await;
    // Nothing is left of it.
    let gone = async { while !redis.ask(&["KEYS", "*"]).await[0].is_empty() {} };
    within(DEADLINE, gone).await;
}

#[tokio::test]
async fn a_clock_that_was_set_back_locks_nobody_out() {
    let redis = Redis::start(&[]).await;
    let origin = Origin::named("a");
    let served = instance(&origin, per_hour(1), &redis.store());
    assert_eq!(client::get(served.addr, "/").await.status, 200);
    let keys = redis.ask(&["KEYS", "*"]).await;
    // As if all had been used in the year 2255, and it were not yet.
    redis
        .ask(&["SET", &keys[0], "3600000000 9000000000000000"])
        .await;
    let refused = client::get(served.addr, "/").await;
    assert_eq!(refused.status, 429);
    let since = redis.ask(&["GET", &keys[0]]).await.swap_remove(0);
    let (used, since) = since.split_once(' ').expect("two numbers");
    assert_eq!(used, "3600000000");
    assert!(since.parse::<u64>().expect("a time") < 9_000_000_000_000_000);
}

#[tokio::test]
async fn a_store_that_is_killed_and_started_again_is_lost_and_back() {
    let mut redis = Redis::start(&[]).await;
    let origin = Origin::named("a");
    let log = Log::of("dial::rate");
    let store = redis.store();
    let open = instance(&origin, per_hour(3), &store);
    let closed = instance(&origin, per_hour(3), &redis.store().fail_open(false));
    assert_eq!(let_through([&open, &open], "a", 4).await, 3);
    let marker = &redis.port.addr().to_string();
    for round in 1..=2 {
        redis.kill().await;
        for _ in 0..20 {
            assert_eq!(client::get(open.addr, "/").await.status, 200);
            assert_eq!(client::get(closed.addr, "/").await.status, 503);
        }
        redis.restart().await;
        for instance in [&open, &closed] {
            // It has forgotten everything, its scripts among it: three get through, and then no more.
            let limited = async { while client::get(instance.addr, "/").await.status != 429 {} };
            within(DEADLINE, limited).await;
        }
        // Each said both once.
        assert_eq!(
            log.lines(marker).len(),
            4 * round,
            "{:?}",
            log.lines(marker)
        );
    }
}

#[tokio::test]
async fn a_store_may_ask_for_a_password_and_have_databases() {
    let redis = Redis::start(&["--requirepass", "secret"]).await;
    let origin = Origin::named("a");
    let addr = redis.port.addr();
    let log = Log::of("dial::rate");
    let refused = patient(&format!("redis://:wrong@{addr}")).fail_open(false);
    let refused = instance(&origin, per_hour(1), &refused);
    assert_eq!(client::get(refused.addr, "/").await.status, 503);
    let line = log.line(&addr.to_string()).await;
    assert!(
        line.contains("is lost") && !line.contains("wrong@"),
        "{line}"
    );

    let known = |database: u8| patient(&format!("redis://:secret@{addr}/{database}"));
    for database in [0, 7] {
        let store = known(database).prefix("shop").fail_open(false);
        let known = instance(&origin, per_hour(1), &store);
        for status in [200, 429] {
            assert_eq!(client::get(known.addr, "/").await.status, status);
        }
        let number = database.to_string();
        let keys = redis
            .ask(&["-a", "secret", "-n", &number, "KEYS", "*"])
            .await;
        assert_eq!(keys, ["shop:api:0000000000000000"]);
    }
}

#[tokio::test]
async fn a_store_may_be_spoken_to_over_tls() {
    let mut redis = Redis::stopped(&["--tls-auth-clients", "no"]);
    let identity = Identity::for_names(&["127.0.0.1"]);
    let file = |name: &str, pem: &str| {
        let path = redis.folder.path().join(name);
        std::fs::write(&path, pem).expect("room");
        path.into_os_string()
            .into_string()
            .expect("a path in UTF-8")
    };
    let cert = file("cert", &identity.cert_pem);
    let key = file("key", &identity.key_pem);
    let port = redis.port.addr().port().to_string();
    let listen = ["--port", "0", "--tls-port", &port, "--tls-cert-file", &cert];
    let listen = [
        &listen[..],
        &["--tls-key-file", &key, "--tls-ca-cert-file", &cert],
    ]
    .concat();
    redis.launch(&listen).await;

    let origin = Origin::named("a");
    let url = format!("rediss://{}", redis.port.addr());
    let tls = UpstreamTls::with_ca(identity.ca_pem.as_bytes()).expect("a certificate");
    let store = patient(&url).tls(tls).fail_open(false);
    let known = instance(&origin, per_hour(1), &store);
    for status in [200, 429] {
        assert_eq!(client::get(known.addr, "/").await.status, status);
    }
    // Nobody vouches for it here.
    let stranger = instance(&origin, per_hour(1), &patient(&url).fail_open(false));
    assert_eq!(client::get(stranger.addr, "/").await.status, 503);
}
