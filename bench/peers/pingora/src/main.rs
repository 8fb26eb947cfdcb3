//! Pingora: `LoadBalancer<RoundRobin>`, and the fields that all add.

use std::error::Error;

use async_trait::async_trait;
use peer_flags::Flags;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::lb::LoadBalancer;
use pingora::lb::selection::RoundRobin;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;
use pingora::{Error as Fault, ErrorType};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PSEUDONYM: &str = "1.1 pingora";

struct Gateway(LoadBalancer<RoundRobin>);

fn main() -> Result<(), Box<dyn Error>> {
    let flags = Flags::parse()?;
    let conf = ServerConf {
        threads: flags.workers,
        upstream_keepalive_pool_size: 4096,
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let hosts = LoadBalancer::try_from_iter(&flags.hosts)?;
    let mut service = http_proxy_service(&server.configuration, Gateway(hosts));
    service.add_tcp(&flags.listen.to_string());
    server.add_service(service);
    server.run_forever()
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, (): &mut ()) -> pingora::Result<Box<HttpPeer>> {
        let host = self.0.select(b"", 256);
        let host = host.ok_or_else(|| Fault::new(ErrorType::ConnectNoRoute))?;
        Ok(Box::new(HttpPeer::new(host, false, String::new())))
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        (): &mut (),
    ) -> pingora::Result<()> {
        if let Some(client) = session.client_addr().and_then(|addr| addr.as_inet()) {
            request.insert_header("X-Forwarded-For", client.ip().to_string())?;
        }
        request.insert_header("X-Forwarded-Proto", "http")?;
        if let Some(host) = request.headers.get("host").cloned() {
            request.insert_header("X-Forwarded-Host", host)?;
        }
        request.append_header("Via", PSEUDONYM)?;
        Ok(())
    }

    async fn response_filter(
        &self,
        _: &mut Session,
        response: &mut ResponseHeader,
        (): &mut (),
    ) -> pingora::Result<()> {
        response.append_header("Via", PSEUDONYM)?;
        Ok(())
    }
}
