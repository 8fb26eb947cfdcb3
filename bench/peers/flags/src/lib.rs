//! What the peers that are built here have in common: the gateway's flags, and the runtime.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

/// The gateway's flags of the same names.
#[derive(Clone, Debug)]
pub struct Flags {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to send requests, in turn; never empty.
    pub hosts: Vec<String>,
    /// Worker threads.
    pub workers: usize,
}

impl Flags {
    /// Those of this process. All three are needed.
    pub fn parse() -> Result<Self, Box<dyn Error>> {
        let (mut listen, mut hosts, mut workers) = (None, None, None);
        let mut args = std::env::args().skip(1);
        while let Some(flag) = args.next() {
            let value = args.next().ok_or(format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--listen" => listen = Some(value.parse()?),
                "--hosts" => hosts = Some(value.split(',').map(str::to_owned).collect()),
                "--workers" => workers = Some(value.parse()?),
                _ => return Err(format!("unknown flag `{flag}`").into()),
            }
        }
        Ok(Self {
            listen: listen.ok_or("--listen is missing")?,
            hosts: hosts.ok_or("--hosts is missing")?,
            workers: workers.ok_or("--workers is missing")?,
        })
    }

    /// For one worker the runtime that is fastest with one.
    pub fn runtime(&self) -> io::Result<tokio::runtime::Runtime> {
        let mut builder = match self.workers {
            1 => tokio::runtime::Builder::new_current_thread(),
            workers => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                builder.worker_threads(workers);
                builder
            }
        };
        builder.enable_all().build()
    }

    /// With a queue as long as everybody's. To be called within the runtime.
    pub fn bind(&self) -> io::Result<tokio::net::TcpListener> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.listen)?;
        socket.listen(4096)
    }
}
