/// Kept as it is.
pub fn api_data(mut request: ModifiableRequest) -> dial::Result {
    request.rewrite_uri("/api/v1/data");
    request.build()
}
#[doc(hidden)]
#[allow(
    dead_code,
    missing_copy_implementations,
    missing_debug_implementations,
    non_camel_case_types,
    unreachable_pub
)]
#[non_exhaustive]
pub struct api_data {}
#[doc(hidden)]
#[allow(dead_code, unreachable_pub)]
const _: () = {
    fn __dial_call(__request: ::dial::ModifiableRequest) -> ::dial::__private::Outcome {
        ::dial::__private::owned(api_data(__request))
    }
    fn __dial_check(
        __startup: &::dial::__private::Startup<'_>,
    ) -> ::core::result::Result<(), ::dial::Error> {
        ::core::result::Result::Ok(())
    }
    static __DIAL_DEFINITION: ::dial::__private::Definition = ::dial::__private::Definition::new(
            "api_data",
            ::dial::__private::Location {
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
            },
            __dial_call,
            __dial_check,
            ::dial::__private::Hosts::Listed(&["http://backend1:8080", "backend3"]),
        )
        .path("/api/data");
    #[automatically_derived]
    impl ::dial::Route for api_data {
        fn definition() -> &'static ::dial::__private::Definition {
            &__DIAL_DEFINITION
        }
    }
    #[automatically_derived]
    impl api_data {
        /// The path that the route takes.
        pub const PATH: &'static str = "/api/data";
        /// The route's upstream.
        ///
        /// # Errors
        ///
        /// When its endpoints are known only at run time and are not valid.
        pub fn upstream() -> ::core::result::Result<::dial::Upstream, ::dial::Error> {
            __DIAL_DEFINITION.upstream()
        }
    }
    #[::dial::__private::linkme::distributed_slice(::dial::__private::ROUTES)]
    #[linkme(crate = ::dial::__private::linkme)]
    static __DIAL_ENTRY: &::dial::__private::Definition = &__DIAL_DEFINITION;
};
