//! nginx.

use std::fmt::Write;

use super::{Peer, Setting, each_origin, first_line, write};
use crate::children::Launch;

pub(super) const PEER: Peer = Peer {
    name: "nginx",
    package: None,
    has_routes: true,
    launch,
    version: || first_line("nginx", &["-v"]),
};

fn launch(setting: &Setting<'_>) -> Result<Launch, String> {
    let path = write(setting, "nginx.conf", &config(setting))?;
    let prefix = setting.directory.display().to_string();
    Ok(Launch {
        is_parent: true,
        ..Launch::new("nginx", &["-e", "stderr", "-p", &prefix, "-c", &path])
    })
}

fn config(setting: &Setting<'_>) -> String {
    let directory = setting.directory.display();
    let upstream = each_origin(setting, |_, origin| format!("        server {origin};\n"));
    // A core each, and a queue each, as dial has.
    let reuseport = match setting.workers {
        1 => "",
        _ => " reuseport",
    };
    format!(
        "\
daemon off;
user root;
worker_processes {workers};
pid {directory}/nginx.pid;
error_log stderr error;
events {{
    worker_connections 32768;
}}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    client_max_body_size 0;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;

    # Bodies pass through; nothing goes to a disk.
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    proxy_http_version 1.1;

    upstream origins {{
{upstream}        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 600s;
    }}
    server {{
        listen {listen} backlog=4096{reuseport};
        add_header Via \"1.1 nginx\";
{locations}    }}
}}
",
        workers = setting.workers,
        listen = setting.listen,
        locations = locations(setting.routes),
    )
}

fn locations(routes: usize) -> String {
    // Not inherited by a location that sets any of its own.
    let fields = "\
            proxy_set_header Connection \"\";
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header Via \"1.1 nginx\";
";
    let mut all = String::new();
    if routes == 0 {
        let _ = write!(
            all,
            "        location / {{\n{fields}            proxy_pass http://origins;\n        }}\n"
        );
    }
    // A prefix, which is found in a tree; one regular expression then takes the parameters out.
    for route in 0..routes {
        let _ = write!(
            all,
            "        location /r{route}/users/ {{
{fields}            proxy_set_header X-Route {route};
            proxy_set_header X-User $1;
            rewrite ^/r{route}/users/([^/]+)/posts/([^/]+)$ /v2/r{route}/$1/$2 break;
            proxy_pass http://origins;
        }}
"
        );
    }
    all
}
