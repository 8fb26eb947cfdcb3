//! `HAProxy`.

use super::{Peer, Setting, each_origin, first_line, write};
use crate::children::Launch;

pub(super) const PEER: Peer = Peer {
    name: "haproxy",
    package: None,
    has_routes: false,
    launch,
    version: || first_line("haproxy", &["-v"]),
};

fn launch(setting: &Setting<'_>) -> Result<Launch, String> {
    let path = write(setting, "haproxy.cfg", &config(setting))?;
    Ok(Launch::new("haproxy", &["-db", "-f", &path]))
}

fn config(setting: &Setting<'_>) -> String {
    let servers = each_origin(setting, |index, origin| {
        format!("    server origin{index} {origin}\n")
    });
    format!(
        "\
global
    nbthread {workers}
    maxconn 32768
    # It would want two descriptors for each.
    no strict-limits
defaults
    mode http
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    timeout http-keep-alive 600s
    # Any client's request may use any idle connection, as everywhere.
    http-reuse always
frontend clients
    bind {listen} backlog 4096
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request add-header Via \"1.1 haproxy\"
    http-response add-header Via \"1.1 haproxy\"
    default_backend origins
backend origins
    balance roundrobin
{servers}",
        workers = setting.workers,
        listen = setting.listen,
    )
}
