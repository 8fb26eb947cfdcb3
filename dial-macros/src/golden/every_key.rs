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
#[cfg(feature = "api")]
#[cfg_attr(test, cfg(unix))]
#[doc(hidden)]
#[allow(
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub
)]
#[non_exhaustive]
pub(crate) struct api {}
#[cfg(feature = "api")]
#[cfg_attr(test, cfg(unix))]
#[doc(hidden)]
#[allow(deprecated, dead_code, unreachable_pub)]
const _: () = {
    fn __dial_call(
        __request: crate::dial::ModifiableRequest,
    ) -> crate::dial::__private::Outcome {
        let __arg_0 = match crate::dial::__private::param::<u64>(&__request, "id") {
            ::core::result::Result::Ok(__value) => __value,
            ::core::result::Result::Err(__reject) => {
                return crate::dial::__private::rejected(__reject);
            }
        };
        let __arg_1 = match <State<
            Db,
        > as crate::dial::FromInbound>::from_inbound(__request.inbound()) {
            ::core::result::Result::Ok(__value) => __value,
            ::core::result::Result::Err(__reject) => {
                return crate::dial::__private::rejected(__reject);
            }
        };
        let __arg_2 = match crate::dial::__private::param::<String>(&__request, "rest") {
            ::core::result::Result::Ok(__value) => __value,
            ::core::result::Result::Err(__reject) => {
                return crate::dial::__private::rejected(__reject);
            }
        };
        crate::dial::__private::owned_async(api(__request, __arg_0, __arg_1, __arg_2))
    }
    fn __dial_check(
        __startup: &crate::dial::__private::Startup<'_>,
    ) -> ::core::result::Result<(), crate::dial::Error> {
        <State<Db> as crate::dial::FromInbound>::check(__startup)?;
        ::core::result::Result::Ok(())
    }
    static __DIAL_DEFINITION: crate::dial::__private::Definition = crate::dial::__private::Definition::new(
            "the api",
            crate::dial::__private::Location {
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
            },
            __dial_call,
            __dial_check,
            crate::dial::__private::Hosts::Computed(|| crate::dial::__private::hosts(
                backends(),
            )),
        )
        .tuned(|__upstream| ::core::result::Result::Ok(
            __upstream
                .balance(crate::dial::__private::policy(Fill::new()))
                .hash_on(crate::dial::HashOn::param("id"))
                .slow_start(::core::time::Duration::from_millis(30000u64))
                .sticky(
                    crate::dial::Sticky::cookie(
                            "host",
                            crate::dial::__private::key(secret()),
                        )?
                        .max_age(::core::time::Duration::from_millis(3600000u64))
                        .same_site(crate::dial::SameSite::Strict),
                )
                .health(
                    crate::dial::HealthCheck::http("/healthz?deep=1")
                        .method(crate::dial::__private::method("PURGE"))
                        .host_header("example.com:8080")
                        .statuses(
                            ::core::iter::Iterator::flatten(
                                ::core::iter::IntoIterator::into_iter([
                                    200u16..=204u16,
                                    300u16..=399u16,
                                    404u16..=404u16,
                                ]),
                            ),
                        )
                        .contains(b"ok")
                        .port(8081u16)
                        .proxy_protocol(crate::dial::ProxyProtocol::V1)
                        .interval(::core::time::Duration::from_millis(500u64))
                        .jitter(0.25f64)
                        .timeout(::core::time::Duration::from_millis(1000u64))
                        .rise(1u32)
                        .fall(2u32),
                )
                .eject(
                    crate::dial::Ejection::new()
                        .consecutive(3u32)
                        .statuses(500u16..=599u16)
                        .error_percent(50u32)
                        .latency(3u32, ::core::time::Duration::from_millis(100u64))
                        .window(::core::time::Duration::from_millis(20000u64))
                        .min_requests(10u32)
                        .base_time(::core::time::Duration::from_millis(1000u64))
                        .max_time(::core::time::Duration::from_millis(60000u64))
                        .max_percent(30u32),
                )
                .panic(false)
                .limits(
                    crate::dial::Limits::new()
                        .requests(1000usize)
                        .requests_per_host(100usize)
                        .connections_per_host(200usize)
                        .queue(50usize)
                        .queue_timeout(::core::time::Duration::from_millis(2000u64))
                        .overload_timeout(::core::time::Duration::from_millis(100u64)),
                )
                .breaker(
                    crate::dial::Breaker::new()
                        .error_percent(70u32)
                        .statuses([500u16, 503u16])
                        .min_requests(50u32)
                        .window(::core::time::Duration::from_millis(5000u64))
                        .open(::core::time::Duration::from_millis(2000u64))
                        .trials(5u32),
                ),
        ))
        .path("/api/{id}/{*rest}")
        .domains(&["example.com", "*.example.org"])
        .methods(&["GET", "POST", "M-SEARCH"])
        .host_header(crate::dial::HostHeader::Preserve)
        .forwarding(crate::dial::Forwarding::Rfc7239)
        .upgrade(false)
        .proxy_protocol(crate::dial::ProxyProtocol::V2)
        .connect_timeout(::core::time::Duration::from_millis(500u64))
        .response_timeout(::core::time::Duration::from_millis(120000u64))
        .body_timeout(::core::time::Duration::from_millis(60000u64))
        .total_timeout(::core::time::Duration::from_millis(3600000u64))
        .expect_timeout(::core::time::Duration::from_millis(2000u64))
        .retry(|| ::core::option::Option::Some(
            <crate::dial::Retry as ::core::default::Default>::default()
                .attempts(4u32)
                .on([
                    crate::dial::RetryOn::Connect,
                    crate::dial::RetryOn::Reset,
                    crate::dial::RetryOn::Timeout,
                    crate::dial::RetryOn::Status5xx,
                ])
                .any_method()
                .buffer(16384u64)
                .backoff(::core::time::Duration::from_millis(10u64))
                .max_backoff(::core::time::Duration::from_millis(1000u64))
                .per_try(::core::time::Duration::from_millis(2000u64))
                .wait(::core::time::Duration::from_millis(5000u64))
                .budget(10u32)
                .min_per_second(3u32)
                .hedge(
                    crate::dial::Hedge::after(::core::time::Duration::from_millis(50u64))
                        .most(2u32),
                ),
        ))
        .rate_limit(|| {
            crate::dial::RateLimit::per_second(50u32)
                .and_then(|__limit| __limit.burst(100u32))
                .map(|__limit| {
                    __limit
                        .by(
                            crate::dial::HashOn::Header(const {
                                crate::dial::HeaderName::from_static("x-api-key")
                            }),
                        )
                })
        })
        .concurrency(|| {
            crate::dial::ConcurrencyLimit::new(10usize)
                .map(|__limit| __limit.by(crate::dial::HashOn::ClientIp))
        })
        .body_limit(65536u64)
        .on_response(|| crate::dial::__private::response_hook(|response| edit(response)))
        .on_error(|| crate::dial::__private::error_hook(hooks::error));
    #[automatically_derived]
    impl crate::dial::Route for api {
        fn definition() -> &'static crate::dial::__private::Definition {
            &__DIAL_DEFINITION
        }
    }
    #[automatically_derived]
    impl api {
        /// The path that the route takes.
        pub(crate) const PATH: &'static str = "/api/{id}/{*rest}";
        /// The route's upstream.
        ///
        /// # Errors
        ///
        /// When its endpoints are known only at run time and are not valid.
        pub(crate) fn upstream() -> ::core::result::Result<
            crate::dial::Upstream,
            crate::dial::Error,
        > {
            __DIAL_DEFINITION.upstream()
        }
    }
    #[crate::dial::__private::linkme::distributed_slice(crate::dial::__private::ROUTES)]
    #[linkme(crate = crate::dial::__private::linkme)]
    static __DIAL_ENTRY: &crate::dial::__private::Definition = &__DIAL_DEFINITION;
};
