//! Caddy.

use super::{Peer, Setting, each_origin, first_line, write};
use crate::children::Launch;

pub(super) const PEER: Peer = Peer {
    name: "caddy",
    package: None,
    has_routes: false,
    launch,
    version: || first_line("caddy", &["version"]).map(|version| format!("Caddy {version}")),
};

fn launch(setting: &Setting<'_>) -> Result<Launch, String> {
    let path = write(setting, "Caddyfile", &config(setting))?;
    let home = setting.directory.display().to_string();
    Ok(Launch {
        // Go's threads that run at a time.
        envs: vec![
            ("GOMAXPROCS", setting.workers.to_string()),
            ("HOME", home.clone()),
            ("XDG_DATA_HOME", home.clone()),
            ("XDG_CONFIG_HOME", home),
        ],
        ..Launch::new(
            "caddy",
            &["run", "--adapter", "caddyfile", "--config", &path],
        )
    })
}

/// It adds the X-Forwarded fields by itself.
fn config(setting: &Setting<'_>) -> String {
    let origins = each_origin(setting, |_, origin| format!(" {origin}"));
    let (address, port) = (setting.listen.ip(), setting.listen.port());
    format!(
        "\
{{
    admin off
    auto_https off
    log {{
        level ERROR
    }}
}}
http://:{port} {{
    bind {address}
    reverse_proxy{origins} {{
        lb_policy round_robin
        header_up Via \"1.1 caddy\"
        header_down +Via \"1.1 caddy\"
        transport http {{
            keepalive 10m
            keepalive_idle_conns 4096
            keepalive_idle_conns_per_host 1024
            compression off
        }}
    }}
}}
"
    )
}
