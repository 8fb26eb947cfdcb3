//! A proxy in a process of its own, for tests that signal it, measure it, or give it an environment.
//!
//! `dial-child [hosts=A,B] [workers=N] [reuse_port=BOOL] [drain_ms=N]` prints `listening on ADDR` once it is bound, and
//! ends as its server does. Without `hosts` it serves the route below, whose hosts are in the environment.

use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use dial::{ModifiableRequest, Router, Server, proxy};

#[proxy("/{*_rest}", hosts_env = "DIAL_CHILD_HOSTS")]
fn from_environment(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut router = Router::registered();
    let mut server = Server::builder();
    for argument in std::env::args().skip(1) {
        let (key, value) = argument.split_once('=').ok_or("KEY=VALUE is expected")?;
        match key {
            "hosts" => {
                let hosts: Vec<_> = value.split(',').collect();
                let proxy = dial::try_proxy(hosts, |request: ModifiableRequest| request)?;
                router = Router::new().at("/{*path}", proxy);
            }
            "workers" => server = server.workers(parse(value)?),
            "reuse_port" => server = server.reuse_port(parse(value)?),
            "drain_ms" => server = server.drain_timeout(Duration::from_millis(parse(value)?)),
            _ => return Err(format!("unknown key {key}").into()),
        }
    }
    let server = server.bind("127.0.0.1:0", router)?;
    println!("listening on {}", server.local_addr());
    Ok(server.run().await?)
}

fn parse<T: FromStr<Err: Error + 'static>>(value: &str) -> Result<T, Box<dyn Error>> {
    Ok(value.parse::<T>()?)
}
