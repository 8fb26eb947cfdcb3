//! nginx as the origin: for curl, and for the load that h2load makes.

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use dial_tests::{ClosedPort, Scratch, eventually};

use crate::gateway::Gateway;
use crate::process::Process;
use crate::tools::{program, scratch, script, scripts};

const DEADLINE: Duration = Duration::from_mins(2);
/// How many requests h2load makes, for a file and a short text in turn, and how many clients it has.
const LOAD: (u32, u32) = (20_000, 100);

/// An nginx in a folder of its own; killed when dropped.
struct Nginx {
    process: Process,
    /// Nobody else is given the port while it is held.
    port: ClosedPort,
    _folder: Scratch,
}

impl Nginx {
    async fn start() -> Self {
        let port = ClosedPort::new();
        let folder = scratch();
        let conf = fs::read_to_string(scripts().join("nginx.conf")).expect("a configuration");
        let conf = conf.replace("ADDRESS", &port.addr().to_string());
        fs::write(folder.path().join("nginx.conf"), conf).expect("room");
        let letters: Vec<u8> = (b'a'..=b'z').cycle().take(100_000).collect();
        fs::create_dir(folder.path().join("site")).expect("room");
        fs::write(folder.path().join("site/letters.txt"), letters).expect("room");

        let mut command = program("nginx");
        command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]);
        command.arg(folder.path());
        let mut nginx = Self {
            process: Process::start("nginx", command),
            port,
            _folder: folder,
        };
        let addr = nginx.port.addr();
        eventually(|| {
            nginx.process.assert_runs();
            TcpStream::connect(addr).is_ok()
        })
        .await;
        nginx
    }
}

#[tokio::test]
async fn nginx() {
    let mut nginx = Nginx::start().await;
    let mut gateway = Gateway::to(nginx.port.addr()).await;
    let scratch = scratch();
    let mut command = script("nginx.sh");
    command.arg(gateway.addr.to_string()).arg(scratch.path());
    Process::script("nginx.sh", command, DEADLINE, |_| {}).await;
    gateway.assert_runs();
    nginx.process.assert_runs();
}

#[tokio::test]
async fn load() {
    let mut nginx = Nginx::start().await;
    let mut gateway = Gateway::to(nginx.port.addr()).await;
    let (requests, clients) = LOAD;
    let mut command = program("h2load");
    command
        .args(["--h1", "--requests", &requests.to_string()])
        .args(["--clients", &clients.to_string()])
        .arg(format!("http://{}/letters.txt", gateway.addr))
        .arg(format!("http://{}/length", gateway.addr));
    let mut lines = Vec::new();
    Process::script("h2load", command, DEADLINE, |line| {
        lines.push(line.to_owned());
    })
    .await;
    for expected in [
        format!("{requests} done, {requests} succeeded, 0 failed, 0 errored, 0 timeout"),
        format!("status codes: {requests} 2xx, 0 3xx, 0 4xx, 0 5xx"),
    ] {
        assert!(
            lines.iter().any(|line| line.contains(&expected)),
            "{expected}"
        );
    }
    gateway.assert_runs();
    nginx.process.assert_runs();
}
