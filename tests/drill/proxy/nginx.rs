//! nginx: no probes and no waiting without endpoints, which are not in its free edition.

use super::{ATTEMPT, FAILURES, RETRIES, Setting, each_host, words, write};

pub(super) fn launch(setting: &Setting<'_>) -> Vec<String> {
    let path = write(setting, "nginx.conf", &config(setting));
    let folder = setting.folder.display().to_string();
    words(&["nginx", "-e", "stderr", "-c", &path, "-p", &folder])
}

fn config(setting: &Setting<'_>) -> String {
    let hosts = each_host(setting, |_, host| {
        format!("        server {host} max_fails={FAILURES} fail_timeout=1s;\n")
    });
    format!(
        "\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {{
    worker_connections 8192;
}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 1000000;
    upstream hosts {{
{hosts}        keepalive 64;
        keepalive_requests 1000000;
    }}
    server {{
        listen {listen};
        location / {{
            proxy_pass http://hosts;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
            proxy_connect_timeout {ATTEMPT:?};
            proxy_read_timeout {ATTEMPT:?};
            proxy_next_upstream error timeout http_500 http_502 http_503 http_504;
            proxy_next_upstream_tries {tries};
        }}
    }}
}}
",
        listen = setting.listen,
        tries = RETRIES + 1,
    )
}
