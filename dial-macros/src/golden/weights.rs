fn cache(request: &mut ModifiableRequest) {}
#[doc(hidden)]
#[allow(
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub
)]
#[non_exhaustive]
struct cache {}
#[doc(hidden)]
#[allow(dead_code, unreachable_pub)]
const _: () = {
    fn __dial_call(__request: ::dial::ModifiableRequest) -> ::dial::__private::Outcome {
        let mut __request = __request;
        let __edited = ::dial::__private::edited(cache(&mut __request));
        ::dial::__private::owned_edit(__request, __edited)
    }
    fn __dial_check(
        __startup: &::dial::__private::Startup<'_>,
    ) -> ::core::result::Result<(), ::dial::Error> {
        ::core::result::Result::Ok(())
    }
    static __DIAL_DEFINITION: ::dial::__private::Definition = ::dial::__private::Definition::new(
            "cache",
            ::dial::__private::Location {
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
            },
            __dial_call,
            __dial_check,
            ::dial::__private::Hosts::Computed(|| ::dial::__private::hosts([
                ::dial::__private::entry("http://a").weight(3),
                ::dial::__private::entry("b"),
                ::dial::__private::entry(other()).weight(LIGHT),
                ::dial::__private::entry("c").backup(),
                ::dial::__private::entry("d").weight(2).backup(),
            ])),
        )
        .tuned(|__upstream| ::core::result::Result::Ok(
            __upstream
                .balance(
                    ::dial::Policy::consistent_hash(
                        ::dial::HashOn::Header(const {
                            ::dial::HeaderName::from_static("x-tenant")
                        }),
                    ),
                ),
        ))
        .path("/cache");
    #[automatically_derived]
    impl ::dial::Route for cache {
        fn definition() -> &'static ::dial::__private::Definition {
            &__DIAL_DEFINITION
        }
    }
    #[automatically_derived]
    impl cache {
        /// The path that the route takes.
        const PATH: &'static str = "/cache";
        /// The route's upstream.
        ///
        /// # Errors
        ///
        /// When its endpoints are known only at run time and are not valid.
        fn upstream() -> ::core::result::Result<::dial::Upstream, ::dial::Error> {
            __DIAL_DEFINITION.upstream()
        }
    }
    #[::dial::__private::linkme::distributed_slice(::dial::__private::ROUTES)]
    #[linkme(crate = ::dial::__private::linkme)]
    static __DIAL_ENTRY: &::dial::__private::Definition = &__DIAL_DEFINITION;
};
