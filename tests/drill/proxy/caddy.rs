//! Caddy.

use super::{ATTEMPT, FAILURES, INTERVAL, Setting, WAIT, each_host, words, write};
use crate::endpoint::HEALTH;

pub(super) fn launch(setting: &Setting<'_>) -> Vec<String> {
    let path = write(setting, "Caddyfile", &config(setting));
    let home = format!("HOME={}", setting.folder.display());
    words(&[
        "env",
        &home,
        "caddy",
        "run",
        "--adapter",
        "caddyfile",
        "--config",
        &path,
    ])
}

fn config(setting: &Setting<'_>) -> String {
    let hosts = each_host(setting, |_, host| format!(" {host}"));
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
    reverse_proxy{hosts} {{
        lb_policy round_robin
        # No count: it tries for as long as a request may wait.
        lb_try_interval 50ms
        lb_try_duration {WAIT:?}
        fail_duration 1s
        max_fails {FAILURES}
        unhealthy_status 5xx
        health_uri {HEALTH}
        health_interval {INTERVAL:?}
        health_timeout {ATTEMPT:?}
        transport http {{
            dial_timeout {ATTEMPT:?}
            response_header_timeout {ATTEMPT:?}
            keepalive_idle_conns_per_host 64
            compression off
        }}
    }}
}}
",
        port = setting.listen.port(),
        address = setting.listen.ip(),
    )
}
