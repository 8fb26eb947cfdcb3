//! A command-line reverse proxy on dial's public API alone; what the benchmarks and conformance runs drive.
//!
//! ```text
//! cargo run --release --example gateway -- --listen 127.0.0.1:8080 --hosts 127.0.0.1:9001,127.0.0.1:9002
//! ```
//!
//! Every path and method goes to the hosts, in turn unless told otherwise, path and query unchanged.

use std::error::Error;
use std::time::Duration;

use dial::{
    Dns, Ejection, Etcd, HashOn, HealthCheck, HostEntry, HostFile, HostHeader, ModifiableRequest,
    Policy, Retry, RetryOn, Router, Server, Timeouts, Upstream, UpstreamBuilder,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
usage: gateway --hosts A,B,C | --discover SOURCE [options]
  --listen ADDR           where to listen               [127.0.0.1:8080]
  --hosts A,B,C           where to send requests
  --discover SOURCE       where to learn that while it runs; in place of --hosts, or of what they are at first:
                          dns:NAME:PORT, srv:NAME, file:PATH or etcd:ENDPOINTS/PREFIX
  --weights 3,1,1         the part of the requests for each host    [1 each]
  --balance POLICY        which host gets a request     [round_robin]
  --health-path PATH      ask hosts for it, and send sick ones nothing: any status below 400 is health
  --health-interval DUR   how often each is asked       [5s]
  --eject N|never         consecutive failures after which a host gets nothing for a while, 5xx among them
                          [5, without statuses]
  --eject-time DUR        for how long at first; twice as long each time it has to be done again [10s]
  --slow-start DUR        how long a host that comes, or comes back, takes to get its whole part [none]
  --workers N             worker threads                [one for each core]
  --preserve-host         send the client's Host, not the endpoint's
  --trust CIDR,..         peers whose forwarding fields are believed
  --proxy-protocol        require the PROXY protocol of every client, version 1 or 2
  --header-timeout DUR    for the head of a request     [10s]
  --body-limit SIZE       for the body of a request     [none]
  --upstream-timeout DUR  for an endpoint's head, and for its silence after that; also for connecting,
                          if that is less than 5s       [60s and 5m]
  --retries N             further attempts after a reset, a timeout or a 5xx, of idempotent methods, and a wait
                          while no host can be reached  [0]
An etcd PREFIX begins behind the first slash: etcd:10.0.0.1:2379//services/api/ are the keys below /services/api/.
DUR is 500ms, 5s or 2m; SIZE is 123, 64KiB or 1MiB. POLICY is round_robin, least_request, peak_ewma, random, or
consistent_hash on one of client_ip, path, header:NAME and cookie:NAME, as in consistent_hash:header:X-Tenant.";

struct Options {
    listen: String,
    hosts: Vec<String>,
    health_path: Option<String>,
    health_interval: Option<Duration>,
    eject: Option<Eject>,
    eject_time: Option<Duration>,
    slow_start: Option<Duration>,
    weights: Vec<u32>,
    balance: Policy,
    discover: Option<Source>,
    workers: Option<usize>,
    host_header: HostHeader,
    trust: Vec<String>,
    proxy_protocol: bool,
    header_timeout: Option<Duration>,
    body_limit: Option<u64>,
    timeouts: Timeouts,
    retries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Eject {
    After(u32),
    Never,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_max_level(log_level())
        .with_writer(std::io::stderr)
        .init();
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("gateway: {problem}\n{USAGE}");
            std::process::exit(2);
        }
    };

    // The whole handler: what comes in goes out.
    let proxy = dial::try_proxy(options.upstream()?, |request: ModifiableRequest| request)?
        .host_header(options.host_header);
    let mut router = Router::new()
        .at("/{*path}", proxy)
        .trust(options.trust)?
        .timeouts(options.timeouts)
        .retry(retry(options.retries));
    if let Some(bytes) = options.body_limit {
        router = router.body_limit(bytes);
    }

    let mut server = Server::builder().proxy_protocol(options.proxy_protocol);
    if let Some(workers) = options.workers {
        server = server.workers(workers);
    }
    if let Some(timeout) = options.header_timeout {
        server = server.header_read_timeout(timeout);
    }
    let server = server.bind(options.listen, router)?;
    println!("listening on {}", server.local_addr());
    Ok(server.run().await?)
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            listen: "127.0.0.1:8080".to_owned(),
            hosts: Vec::new(),
            health_path: None,
            health_interval: None,
            eject: None,
            eject_time: None,
            slow_start: None,
            weights: Vec::new(),
            balance: Policy::round_robin(),
            discover: None,
            workers: None,
            host_header: HostHeader::Endpoint,
            trust: Vec::new(),
            proxy_protocol: false,
            header_timeout: None,
            body_limit: None,
            timeouts: Timeouts::default(),
            retries: 0,
        };
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or(format!("{flag} needs a value"));
            match flag.as_str() {
                "--listen" => options.listen = value()?,
                "--hosts" => options.hosts = list(&value()?),
                "--discover" => options.discover = Some(Source::parse(&value()?)?),
                "--weights" => {
                    let weights = list(&value()?).into_iter();
                    options.weights = weights
                        .map(|weight| number(&weight))
                        .collect::<Result<_, _>>()?;
                }
                "--balance" => options.balance = policy(&value()?)?,
                "--health-path" => options.health_path = Some(value()?),
                "--health-interval" => options.health_interval = Some(duration(&value()?)?),
                "--eject" => {
                    options.eject = Some(match value()?.as_str() {
                        "never" => Eject::Never,
                        failures => Eject::After(number(failures)?),
                    });
                }
                "--eject-time" => options.eject_time = Some(duration(&value()?)?),
                "--slow-start" => options.slow_start = Some(duration(&value()?)?),
                "--workers" => options.workers = Some(number(&value()?)?),
                "--retries" => options.retries = number(&value()?)?,
                "--preserve-host" => options.host_header = HostHeader::Preserve,
                "--trust" => options.trust = list(&value()?),
                "--proxy-protocol" => options.proxy_protocol = true,
                "--header-timeout" => options.header_timeout = Some(duration(&value()?)?),
                "--body-limit" => options.body_limit = Some(size(&value()?)?),
                "--upstream-timeout" => options.timeouts = timeouts(duration(&value()?)?),
                _ => return Err(format!("unknown flag `{flag}`")),
            }
        }
        if options.health_interval.is_some() && options.health_path.is_none() {
            return Err("--health-interval needs --health-path".to_owned());
        }
        if options.eject_time.is_some() && !matches!(options.eject, Some(Eject::After(_))) {
            return Err("--eject-time needs --eject N".to_owned());
        }
        match (options.hosts.len(), options.weights.len()) {
            (0, 0) if options.discover.is_some() => Ok(options),
            (0, _) => Err("--hosts is missing".to_owned()),
            (hosts, weights) if weights > 0 && weights != hosts => {
                Err(format!("{weights} weights for {hosts} hosts"))
            }
            _ => Ok(options),
        }
    }

    fn upstream(&self) -> dial::Result<Upstream> {
        let weights = self.weights.iter().chain(std::iter::repeat(&1));
        let hosts = self.hosts.iter().zip(weights);
        let hosts = hosts.map(|(host, weight)| HostEntry::new(host).weight(*weight));
        let mut upstream = Upstream::builder()
            .hosts(hosts.collect::<Vec<_>>())
            .balance(self.balance.clone());
        if let Some(path) = &self.health_path {
            let mut check = HealthCheck::http(path);
            if let Some(interval) = self.health_interval {
                check = check.interval(interval);
            }
            upstream = upstream.health(check);
        }
        if let Some(source) = &self.discover {
            upstream = source.discover(upstream)?;
        }
        upstream = match self.eject {
            None => upstream,
            Some(Eject::Never) => upstream.never_eject(),
            Some(Eject::After(failures)) => {
                let mut ejection = Ejection::new().consecutive(failures).statuses(500..=599);
                if let Some(time) = self.eject_time {
                    ejection = ejection.base_time(time);
                }
                upstream.eject(ejection)
            }
        };
        if let Some(time) = self.slow_start {
            upstream = upstream.slow_start(time);
        }
        upstream.build()
    }
}

fn policy(text: &str) -> Result<Policy, String> {
    let on = match text.split(':').collect::<Vec<_>>()[..] {
        ["round_robin"] => return Ok(Policy::round_robin()),
        ["least_request"] => return Ok(Policy::least_request()),
        ["peak_ewma"] => return Ok(Policy::peak_ewma()),
        ["random"] => return Ok(Policy::random()),
        ["consistent_hash", "client_ip"] => HashOn::ClientIp,
        // The name of the parameter in the path that all requests match.
        ["consistent_hash", "path"] => HashOn::param("path"),
        ["consistent_hash", "header", name] => {
            HashOn::header(name).map_err(|error| error.to_string())?
        }
        ["consistent_hash", "cookie", name] => HashOn::cookie(name),
        _ => return Err(format!("unknown policy `{text}`")),
    };
    Ok(Policy::consistent_hash(on))
}

/// Where hosts are learnt.
#[derive(Debug, PartialEq)]
enum Source {
    Dns(String),
    Service(String),
    Etcd(Vec<String>, String),
    File(String),
}

impl Source {
    fn parse(text: &str) -> Result<Self, String> {
        let source = match text.split_once(':') {
            Some(("dns", host)) => Some(Self::Dns(host.to_owned())),
            Some(("srv", name)) => Some(Self::Service(name.to_owned())),
            Some(("file", path)) => Some(Self::File(path.to_owned())),
            Some(("etcd", rest)) => {
                // Behind the slashes of the schemes that endpoints may have.
                let schemes = rest.rfind("://").map_or(0, |at| at + "://".len());
                let slash = rest[schemes..].split_once('/');
                slash.map(|(last, prefix)| {
                    let endpoints = format!("{}{last}", &rest[..schemes]);
                    Self::Etcd(list(&endpoints), prefix.to_owned())
                })
            }
            _ => None,
        };
        source.ok_or(format!(
            "bad source `{text}`; it is like dns:NAME:PORT, srv:NAME, etcd:ENDPOINTS/PREFIX or file:PATH"
        ))
    }

    /// Has the upstream learn its hosts there.
    fn discover(&self, builder: UpstreamBuilder) -> dial::Result<UpstreamBuilder> {
        Ok(match self {
            Self::Dns(host) => builder.discover(Dns::addresses([host])?),
            Self::Service(name) => builder.discover(Dns::service(name)?),
            Self::Etcd(endpoints, prefix) => builder.discover(Etcd::new(endpoints, prefix)?),
            Self::File(path) => builder.discover(HostFile::new(path)),
        })
    }
}

/// `RUST_LOG=debug`; errors only by default.
fn log_level() -> tracing_subscriber::filter::LevelFilter {
    let level = std::env::var("RUST_LOG")
        .ok()
        .and_then(|level| level.parse().ok());
    level.unwrap_or(tracing_subscriber::filter::LevelFilter::ERROR)
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(str::trim).map(str::to_owned).collect()
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("bad number `{text}`"))
}

/// After everything that may have been the host's fault.
fn retry(further: u32) -> Option<Retry> {
    let conditions = [
        RetryOn::Connect,
        RetryOn::Reset,
        RetryOn::Timeout,
        RetryOn::Status5xx,
    ];
    let retry = Retry::default().attempts(further.saturating_add(1));
    (further > 0).then(|| retry.on(conditions))
}

/// One limit for all that an endpoint may take its time with.
fn timeouts(limit: Duration) -> Timeouts {
    let timeouts = Timeouts::default();
    let connect = timeouts.connect.min(limit);
    timeouts.connect(connect).response(limit).body(limit)
}

fn duration(text: &str) -> Result<Duration, String> {
    let millis = quantity(text, &[("ms", 1), ("s", 1_000), ("m", 60_000)]);
    let millis = millis.ok_or(format!("bad duration `{text}`; it is like 500ms, 5s or 2m"))?;
    Ok(Duration::from_millis(millis))
}

/// In bytes.
fn size(text: &str) -> Result<u64, String> {
    quantity(text, &[("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20)])
        .ok_or(format!("bad size `{text}`; it is like 123, 64KiB or 1MiB"))
}

/// A whole number and its unit. Zero is none: it would refuse everything.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    let total = number.parse::<u64>().ok()?.checked_mul(*factor)?;
    (total > 0).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        for (text, millis) in [("500ms", 500), ("5s", 5_000), ("2m", 120_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)));
        }
        for (text, bytes) in [("123", 123), ("64KiB", 65_536), ("1MiB", 1_048_576)] {
            assert_eq!(size(text), Ok(bytes));
        }
        for bad in [
            "",
            "0",
            "5x",
            "-5s",
            "+5s",
            "1.5s",
            "5 s",
            "s",
            "MiB",
            "1KB",
            "ü",
            "18446744073709551615m",
            "99999999999999999999MiB",
        ] {
            assert!(duration(bad).is_err() && size(bad).is_err(), "{bad}");
        }
        assert!(duration("5").is_err() && duration("0ms").is_err() && size("0KiB").is_err());
    }

    #[test]
    fn flags() {
        let parse = |flags: &str| {
            let flags = format!("--hosts a,b {flags}");
            Options::parse(flags.split_whitespace().map(str::to_owned))
        };
        let options = parse(
            "--proxy-protocol --header-timeout 2s --body-limit 1MiB --upstream-timeout 500ms",
        )
        .unwrap();
        assert!(options.proxy_protocol && !parse("").unwrap().proxy_protocol);
        let half = Duration::from_millis(500);
        assert_eq!(options.header_timeout, Some(Duration::from_secs(2)));
        assert_eq!(options.body_limit, Some(1 << 20));
        assert_eq!(
            options.timeouts,
            Timeouts::default().connect(half).response(half).body(half)
        );

        let options = parse("--health-path /healthz --health-interval 500ms").unwrap();
        assert_eq!(options.health_path.as_deref(), Some("/healthz"));
        assert_eq!(options.health_interval, Some(half));
        assert!(options.upstream().is_ok());
        assert!(parse("--health-path healthz").unwrap().upstream().is_err());

        let minutes = Duration::from_mins(2);
        let options = parse("--upstream-timeout 2m").unwrap();
        assert_eq!(
            options.timeouts,
            Timeouts::default().response(minutes).body(minutes)
        );
        assert_eq!(parse("").unwrap().timeouts, Timeouts::default());

        assert_eq!(parse("").unwrap().eject, None);
        assert_eq!(parse("--eject never").unwrap().eject, Some(Eject::Never));
        assert_eq!(parse("--eject 3").unwrap().eject, Some(Eject::After(3)));
        assert!(parse("--eject 3").unwrap().upstream().is_ok());
        assert!(parse("--eject 0").unwrap().upstream().is_err());
        let options = parse("--eject 3 --eject-time 500ms --slow-start 2m").unwrap();
        assert_eq!(
            (options.eject_time, options.slow_start),
            (Some(half), Some(minutes))
        );
        assert!(options.upstream().is_ok());
        assert_eq!(parse("--retries 2").unwrap().retries, 2);
        assert_eq!(retry(0), None);
        assert_eq!(retry(1), retry(2).map(|retry| retry.attempts(2)));
        assert_eq!(retry(u32::MAX), retry(15));

        let options = parse("--weights 3,1 --balance least_request").unwrap();
        assert_eq!((options.weights, options.hosts.len()), (vec![3, 1], 2));
        for (policy, shown) in [
            ("random", "random"),
            ("consistent_hash:client_ip", "ClientIp"),
            ("consistent_hash:header:X-Tenant", "x-tenant"),
            ("consistent_hash:path", "path"),
        ] {
            let options = parse(&format!("--balance {policy}")).unwrap();
            let built = format!("{:?}", options.balance);
            assert!(built.contains(shown), "{built}");
            assert_eq!(options.upstream().unwrap().len(), 2);
        }
        // What the flags cannot know is said when the upstream is made.
        assert!(parse("--weights 3,0").unwrap().upstream().is_err());

        for (flags, problem) in [
            ("--eject often", "bad number `often`"),
            (
                "--eject never --eject-time 1s",
                "--eject-time needs --eject N",
            ),
            ("--weights 3", "1 weights for 2 hosts"),
            ("--weights 3,x", "bad number `x`"),
            ("--balance fastest", "unknown policy `fastest`"),
            (
                "--balance consistent_hash",
                "unknown policy `consistent_hash`",
            ),
            ("--upstream-timeout", "--upstream-timeout needs a value"),
            (
                "--discover etcd:a:2379",
                "bad source `etcd:a:2379`; it is like dns:NAME:PORT, srv:NAME, etcd:ENDPOINTS/PREFIX or file:PATH",
            ),
            (
                "--upstream-timeout 5",
                "bad duration `5`; it is like 500ms, 5s or 2m",
            ),
            ("--retries -1", "bad number `-1`"),
            ("--workers many", "bad number `many`"),
            (
                "--header-timeout soon",
                "bad duration `soon`; it is like 500ms, 5s or 2m",
            ),
            (
                "--health-interval 1s",
                "--health-interval needs --health-path",
            ),
            (
                "--body-limit 1MB",
                "bad size `1MB`; it is like 123, 64KiB or 1MiB",
            ),
        ] {
            assert_eq!(parse(flags).err().as_deref(), Some(problem));
        }
    }

    #[test]
    fn sources() {
        let text = |text: &str| text.to_owned();
        let etcd = |members: &[&str], prefix| {
            Source::Etcd(
                members.iter().map(|member| text(member)).collect(),
                text(prefix),
            )
        };
        for (given, source) in [
            (
                "dns:api.internal:8080",
                Source::Dns(text("api.internal:8080")),
            ),
            (
                "srv:_http._tcp.api",
                Source::Service(text("_http._tcp.api")),
            ),
            ("file:/etc/a:b", Source::File(text("/etc/a:b"))),
            ("etcd:a:2379/x", etcd(&["a:2379"], "x")),
            ("etcd:a:2379,b:1//x/y/", etcd(&["a:2379", "b:1"], "/x/y/")),
            (
                "etcd:https://a,http://b//x/",
                etcd(&["https://a", "http://b"], "/x/"),
            ),
        ] {
            assert_eq!(Source::parse(given), Ok(source));
        }
        for bad in ["", "a", "http://a", "zk:a/b", "etcd:http://a"] {
            assert!(Source::parse(bad).is_err(), "{bad}");
        }
        let options = Options::parse(["--discover", "file:a"].map(text).into_iter()).unwrap();
        assert_eq!(options.discover, Some(Source::File(text("a"))));
    }
}
