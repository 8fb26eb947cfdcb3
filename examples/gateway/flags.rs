//! The flags of the gateway.

use std::time::Duration;

use dial::{HostHeader, Policy, Timeouts};

use crate::values::{Source, duration, list, number, policy, size};

pub(crate) const USAGE: &str = "\
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

/// What the command line says.
pub(crate) struct Options {
    pub(crate) listen: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) health_path: Option<String>,
    pub(crate) health_interval: Option<Duration>,
    pub(crate) eject: Option<Eject>,
    pub(crate) eject_time: Option<Duration>,
    pub(crate) slow_start: Option<Duration>,
    pub(crate) weights: Vec<u32>,
    pub(crate) balance: Policy,
    pub(crate) discover: Option<Source>,
    pub(crate) workers: Option<usize>,
    pub(crate) host_header: HostHeader,
    pub(crate) trust: Vec<String>,
    pub(crate) proxy_protocol: bool,
    pub(crate) header_timeout: Option<Duration>,
    pub(crate) body_limit: Option<u64>,
    pub(crate) timeouts: Timeouts,
    pub(crate) retries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Eject {
    After(u32),
    Never,
}

impl Options {
    pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
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
}

/// One limit for all that an endpoint may take its time with.
fn timeouts(limit: Duration) -> Timeouts {
    let timeouts = Timeouts::default();
    let connect = timeouts.connect.min(limit);
    timeouts.connect(connect).response(limit).body(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let options = parse("--eject 3 --eject-time 500ms --slow-start 2m").unwrap();
        assert_eq!(
            (options.eject_time, options.slow_start),
            (Some(half), Some(minutes))
        );
        assert_eq!(parse("--retries 2").unwrap().retries, 2);

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
        }

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
    fn hosts_may_be_learnt() {
        let flags = ["--discover", "file:a"].map(str::to_owned);
        let options = Options::parse(flags.into_iter()).unwrap();
        assert_eq!(options.discover, Some(Source::File("a".to_owned())));
    }
}
