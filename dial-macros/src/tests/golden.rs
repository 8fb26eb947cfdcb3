//! Expansions, compared with the files in `src/golden`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p dial-macros` writes them anew.

use proc_macro2::TokenStream;
use quote::quote;
use std::path::Path;

fn check(name: &str, attribute: TokenStream, item: TokenStream) {
    compare(name, crate::expand(attribute, item));
}

fn compare(name: &str, output: TokenStream) {
    let text = output.to_string();
    let file = syn::parse2(output).unwrap_or_else(|error| panic!("{error} in {text}"));
    let printed = prettyplease::unparse(&file);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/golden/{name}.rs"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &printed).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        printed == expected,
        "{name} expands to something new; UPDATE_GOLDEN=1 accepts it:\n{printed}"
    );
}

#[test]
fn minimal() {
    check(
        "minimal",
        quote!("/api/data", hosts = ["http://backend1:8080", "backend3"]),
        quote! {
            /// Kept as it is.
            pub fn api_data(mut request: ModifiableRequest) -> dial::Result {
                request.rewrite_uri("/api/v1/data");
                request.build()
            }
        },
    );
}

#[test]
fn every_key() {
    check(
        "every_key",
        quote! {
            path = "/api/{id}/{*rest}",
            domain = ["Example.com", "*.example.org"],
            methods = [GET, POST, "M-SEARCH"],
            hosts = backends(),
            balance = custom(Fill::new(), param = "id"),
            slow_start = 30s,
            sticky(cookie = "host", key = secret(), max_age = 1h, same_site = strict),
            health(
                "/healthz?deep=1",
                method = PURGE,
                host_header = "example.com:8080",
                statuses = [200..=204, 3xx, 404],
                contains = b"ok",
                port = 8081,
                interval = 500ms,
                jitter = 25%,
                timeout = 1s,
                rise = 1,
                fall = 2,
                proxy_protocol = v1,
            ),
            eject(
                consecutive = 3,
                statuses = 5xx,
                error_percent = 50,
                latency(times = 3, least = 100ms),
                window = 20s,
                min_requests = 10,
                base_time = 1s,
                max_time = 1m,
                max_percent = 30%,
            ),
            panic = false,
            limits(
                requests = 1000,
                requests_per_host = 100,
                connections_per_host = 200,
                queue = 50,
                queue_timeout = 2s,
                overload_timeout = 100ms,
            ),
            breaker(
                error_percent = 70,
                statuses = [500, 503],
                min_requests = 50,
                window = 5s,
                open = 2s,
                trials = 5,
            ),
            host_header = preserve,
            forwarded = rfc7239,
            upgrade = false,
            proxy_protocol = v2,
            timeout(connect = 500ms, response = "2m", body = 1m, total = 1h, expect = 2s),
            retry(
                attempts = 4,
                on = [connect, reset, timeout, 5xx],
                idempotent = true,
                buffer = 16KiB,
                backoff = 10ms..1s,
                per_try = 2s,
                wait = 5s,
                budget = 10%,
                min_per_second = 3,
                hedge(after = 50ms, most = 2),
            ),
            rate_limit(per_second = 50, burst = 100, by = header("X-Api-Key")),
            concurrency(requests = 10, by = client_ip),
            body_limit = 64KiB,
            on_response = |response| edit(response),
            on_error = hooks::error,
            name = "the api",
            register = true,
            crate = crate::dial,
        },
        quote! {
            #[cfg(feature = "api")]
            #[cfg_attr(test, cfg(unix), inline)]
            #[deprecated]
            pub(crate) async fn api(
                mut request: ModifiableRequest,
                id: u64,
                State(db): State<Db>,
                rest: String,
            ) -> dial::Result {
                request.build()
            }
        },
    );
}

#[test]
fn weights() {
    check(
        "weights",
        quote!(
            "/cache",
            hosts = [
                ("http://a", weight = 3),
                "b",
                (other(), weight = LIGHT),
                ("c", backup),
                ("d", weight = 2, backup)
            ],
            balance = consistent_hash(header = "X-Tenant"),
        ),
        quote! {
            fn cache(request: &mut ModifiableRequest) {}
        },
    );
}

#[test]
fn upstream() {
    let source = quote! {
        /// The API's.
        #[cfg(feature = "api")]
        pub static API = ["http://a", ("b", weight = 2)], balance = least_request, slow_start = 30s;
        static PLAIN = ["a", "b"];
        static PROBED = ["a", "b"],
            sticky(cookie = "host", key_env = "STICKY_KEY"),
            health(tcp, jitter = 0, timeout = "500ms"),
            eject(consecutive = 1, statuses = []);
        static TRUSTED = ["a", "b"],
            health(path = "/", method = HEAD, statuses = [200, 204]),
            eject = false,
            panic = true;
        pub(crate) static FILES = env("FILES"), balance = consistent_hash(client_ip), crate = other::dial;
        static COMPUTED = backends()
    };
    compare("upstream", crate::upstreams::expand(source));
}

#[test]
fn edited() {
    check(
        "edited",
        quote!(upstream = upstreams::API, methods = [GET]),
        quote! {
            fn r#type(request: &mut ModifiableRequest) {
                request.set_header("x-a", "b");
            }
        },
    );
}

#[test]
fn edited_async() {
    check(
        "edited_async",
        quote!(
            "/users/{r}",
            hosts_env = "BACKENDS",
            register = false,
            concurrency = 100,
            retry(hedge = 50ms)
        ),
        quote! {
            async fn users(request: &mut ModifiableRequest, r: Uuid) -> Result<(), Refused> {
                body
            }
        },
    );
}

#[test]
fn fallback() {
    check(
        "fallback",
        quote!("/a", host = ["b"]),
        quote! {
            #[cfg(unix)]
            pub fn api(request: ModifiableRequest) -> dial::Result {
                request.build()
            }
        },
    );
}
