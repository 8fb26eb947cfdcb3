//! A command-line reverse proxy on dial's public API alone; what the benchmarks and conformance runs drive.
//!
//! ```text
//! cargo run --release --example gateway -- --listen 127.0.0.1:8080 --hosts 127.0.0.1:9001,127.0.0.1:9002
//! ```
//!
//! Every path and method goes to the hosts, in turn unless told otherwise, path and query unchanged.

mod flags;
mod values;

use std::error::Error;

use dial::{
    Dns, Ejection, Etcd, HealthCheck, HostEntry, HostFile, ModifiableRequest, Retry, RetryOn,
    Router, Server, Upstream, UpstreamBuilder,
};

use flags::{Eject, Options, USAGE};
use values::Source;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    let proxy = dial::try_proxy(upstream(&options)?, |request: ModifiableRequest| request)?
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

fn upstream(options: &Options) -> dial::Result<Upstream> {
    let weights = options.weights.iter().chain(std::iter::repeat(&1));
    let hosts = options.hosts.iter().zip(weights);
    let hosts = hosts.map(|(host, weight)| HostEntry::new(host).weight(*weight));
    let mut builder = Upstream::builder()
        .hosts(hosts.collect::<Vec<_>>())
        .balance(options.balance.clone());
    if let Some(path) = &options.health_path {
        let mut check = HealthCheck::http(path);
        if let Some(interval) = options.health_interval {
            check = check.interval(interval);
        }
        builder = builder.health(check);
    }
    if let Some(source) = &options.discover {
        builder = discover(source, builder)?;
    }
    builder = match options.eject {
        None => builder,
        Some(Eject::Never) => builder.never_eject(),
        Some(Eject::After(failures)) => {
            let mut ejection = Ejection::new().consecutive(failures).statuses(500..=599);
            if let Some(time) = options.eject_time {
                ejection = ejection.base_time(time);
            }
            builder.eject(ejection)
        }
    };
    if let Some(time) = options.slow_start {
        builder = builder.slow_start(time);
    }
    builder.build()
}

/// Has the upstream learn its hosts from `source`.
fn discover(source: &Source, builder: UpstreamBuilder) -> dial::Result<UpstreamBuilder> {
    Ok(match source {
        Source::Dns(host) => builder.discover(Dns::addresses([host])?),
        Source::Service(name) => builder.discover(Dns::service(name)?),
        Source::Etcd(endpoints, prefix) => builder.discover(Etcd::new(endpoints, prefix)?),
        Source::File(path) => builder.discover(HostFile::new(path)),
    })
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

/// `RUST_LOG=debug`; errors only by default.
fn log_level() -> tracing_subscriber::filter::LevelFilter {
    let level = std::env::var("RUST_LOG")
        .ok()
        .and_then(|level| level.parse().ok());
    level.unwrap_or(tracing_subscriber::filter::LevelFilter::ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams() {
        let parse = |flags: &str| {
            let flags = format!("--hosts a,b {flags}");
            let flags = flags.split_whitespace().map(str::to_owned);
            upstream(&Options::parse(flags).unwrap())
        };
        for good in [
            "",
            "--health-path /healthz --health-interval 500ms",
            "--eject 3",
            "--eject never",
            "--eject 3 --eject-time 500ms --slow-start 2m",
            "--weights 3,1 --balance consistent_hash:path",
        ] {
            assert_eq!(parse(good).unwrap().len(), 2, "{good}");
        }
        // What the flags cannot know is said when the upstream is made.
        for bad in ["--health-path healthz", "--eject 0", "--weights 3,0"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn retries() {
        assert_eq!(retry(0), None);
        assert_eq!(retry(1), retry(2).map(|retry| retry.attempts(2)));
        assert_eq!(retry(u32::MAX), retry(15));
    }
}
