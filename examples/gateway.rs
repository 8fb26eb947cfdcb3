//! A command-line reverse proxy on dial's public API alone; what the benchmarks and conformance runs drive.
//!
//! ```text
//! cargo run --release --example gateway -- --listen 127.0.0.1:8080 --hosts 127.0.0.1:9001,127.0.0.1:9002
//! ```
//!
//! Every path and method goes to the hosts in turn, path and query unchanged.

use std::error::Error;

use dial::{HostHeader, ModifiableRequest, Router, Server};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
usage: gateway --hosts A,B,C [options]
  --listen ADDR     where to listen               [127.0.0.1:8080]
  --hosts A,B,C     where to send requests, in turn
  --workers N       worker threads                [one for each core]
  --preserve-host   send the client's Host, not the endpoint's
  --trust CIDR,..   peers whose forwarding fields are believed";

struct Options {
    listen: String,
    hosts: Vec<String>,
    workers: Option<usize>,
    host_header: HostHeader,
    trust: Vec<String>,
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
    let proxy = dial::try_proxy(options.hosts, |request: ModifiableRequest| request)?
        .host_header(options.host_header);
    let router = Router::new().at("/{*path}", proxy).trust(options.trust)?;

    let mut server = Server::builder();
    if let Some(workers) = options.workers {
        server = server.workers(workers);
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
            workers: None,
            host_header: HostHeader::Endpoint,
            trust: Vec::new(),
        };
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or(format!("{flag} needs a value"));
            match flag.as_str() {
                "--listen" => options.listen = value()?,
                "--hosts" => options.hosts = list(&value()?),
                "--workers" => {
                    let workers = value()?;
                    let number = workers
                        .parse()
                        .map_err(|_| format!("bad number `{workers}`"))?;
                    options.workers = Some(number);
                }
                "--preserve-host" => options.host_header = HostHeader::Preserve,
                "--trust" => options.trust = list(&value()?),
                _ => return Err(format!("unknown flag `{flag}`")),
            }
        }
        match options.hosts.is_empty() {
            true => Err("--hosts is missing".to_owned()),
            false => Ok(options),
        }
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
