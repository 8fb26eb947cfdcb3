/// The API's.
#[cfg(feature = "api")]
pub static API: ::dial::LazyUpstream = ::dial::LazyUpstream::declared(
        "API",
        ::dial::__private::Location {
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
        },
        ::dial::__private::Hosts::Computed(|| ::dial::__private::hosts([
            ::dial::__private::entry("http://a"),
            ::dial::__private::entry("b").weight(2),
        ])),
    )
    .tuned(|__upstream| ::core::result::Result::Ok(
        __upstream
            .balance(::dial::Policy::least_request())
            .slow_start(::core::time::Duration::from_millis(30000u64)),
    ));
static PLAIN: ::dial::LazyUpstream = ::dial::LazyUpstream::declared(
    "PLAIN",
    ::dial::__private::Location {
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
    },
    ::dial::__private::Hosts::Listed(&["a", "b"]),
);
static PROBED: ::dial::LazyUpstream = ::dial::LazyUpstream::declared(
        "PROBED",
        ::dial::__private::Location {
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
        },
        ::dial::__private::Hosts::Listed(&["a", "b"]),
    )
    .tuned(|__upstream| ::core::result::Result::Ok(
        __upstream
            .sticky(
                ::dial::Sticky::cookie(
                    "host",
                    ::dial::__private::key_env("STICKY_KEY")?,
                )?,
            )
            .health(
                ::dial::HealthCheck::tcp()
                    .jitter(0f64)
                    .timeout(::core::time::Duration::from_millis(500u64)),
            )
            .eject(::dial::Ejection::new().consecutive(1u32).statuses([])),
    ));
static TRUSTED: ::dial::LazyUpstream = ::dial::LazyUpstream::declared(
        "TRUSTED",
        ::dial::__private::Location {
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
        },
        ::dial::__private::Hosts::Listed(&["a", "b"]),
    )
    .tuned(|__upstream| ::core::result::Result::Ok(
        __upstream
            .health(
                ::dial::HealthCheck::http("/")
                    .method(::dial::Method::HEAD)
                    .statuses([200u16, 204u16]),
            )
            .never_eject()
            .panic(true),
    ));
pub(crate) static FILES: other::dial::LazyUpstream = other::dial::LazyUpstream::declared(
        "FILES",
        other::dial::__private::Location {
            module: ::core::module_path!(),
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
        },
        other::dial::__private::Hosts::Env("FILES"),
    )
    .tuned(|__upstream| ::core::result::Result::Ok(
        __upstream
            .balance(other::dial::Policy::consistent_hash(other::dial::HashOn::ClientIp)),
    ));
static COMPUTED: ::dial::LazyUpstream = ::dial::LazyUpstream::declared(
    "COMPUTED",
    ::dial::__private::Location {
        module: ::core::module_path!(),
        file: ::core::file!(),
        line: ::core::line!(),
        column: ::core::column!(),
    },
    ::dial::__private::Hosts::Computed(|| ::dial::__private::hosts(backends())),
);
