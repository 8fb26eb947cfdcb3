//! `HAProxy`.

use super::{ATTEMPT, FAILURES, INTERVAL, RETRIES, Setting, WAIT, each_host, words, write};
use crate::endpoint::HEALTH;

pub(super) fn launch(setting: &Setting<'_>) -> Vec<String> {
    let path = write(setting, "haproxy.cfg", &config(setting));
    words(&["haproxy", "-db", "-f", &path])
}

fn config(setting: &Setting<'_>) -> String {
    let hosts = each_host(setting, |number, host| {
        format!("    server host{number} {host} check\n")
    });
    format!(
        "\
global
    maxconn 8192
    no strict-limits
defaults
    mode http
    timeout connect {ATTEMPT:?}
    timeout server {ATTEMPT:?}
    timeout queue {WAIT:?}
    timeout client 60s
    timeout http-keep-alive 60s
    http-reuse always
    retries {RETRIES}
    option redispatch 1
    retry-on conn-failure empty-response junk-response response-timeout 500 502 503 504
frontend clients
    bind {listen}
    # Only what may be done twice is sent twice.
    http-request disable-l7-retry if METH_POST
    default_backend hosts
backend hosts
    balance roundrobin
    option httpchk GET {HEALTH}
    default-server inter {INTERVAL:?} fall 2 rise 2 observe layer7 error-limit {FAILURES} on-error mark-down
{hosts}",
        listen = setting.listen,
    )
}
