//! dial with many routes: each has path parameters and a handler that rewrites the path and sets two headers.
//!
//! The flags are those of the gateway, and `--routes N`.

use std::error::Error;

use dial::{ModifiableRequest, Router, Server, Upstream};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (mut listen, mut hosts, mut workers, mut routes) = (None, None, None, None);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or(format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--listen" => listen = Some(value),
            "--hosts" => hosts = Some(value),
            "--workers" => workers = Some(value.parse::<usize>()?),
            "--routes" => routes = Some(value.parse::<usize>()?),
            _ => return Err(format!("unknown flag `{flag}`").into()),
        }
    }

    let hosts = hosts.ok_or("--hosts is missing")?;
    let upstream = Upstream::new(hosts.split(',').collect::<Vec<_>>())?;
    let mut app = Router::new();
    for route in 0..routes.ok_or("--routes is missing")? {
        let target = format!("/v2/r{route}/{{id}}/{{post}}");
        let name = route.to_string();
        let handler = move |request: ModifiableRequest| edit(request, &target, &name);
        app = app.at(
            format!("/r{route}/users/{{id}}/posts/{{post}}"),
            dial::try_proxy(&upstream, handler)?,
        );
    }
    let server = Server::builder()
        .workers(workers.ok_or("--workers is missing")?)
        .bind(listen.ok_or("--listen is missing")?, app)?;
    println!("listening on {}", server.local_addr());
    Ok(server.run().await?)
}

fn edit(mut request: ModifiableRequest, target: &str, name: &str) -> dial::Result {
    let user = request.param("id").map(str::to_owned).unwrap_or_default();
    request
        .rewrite_path(target)
        .set_header("X-Route", name)
        .set_header("X-User", user)
        .build()
}
