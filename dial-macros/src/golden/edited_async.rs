async fn users(request: &mut ModifiableRequest, r: Uuid) -> Result<(), Refused> {
    body
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
struct users {}
#[doc(hidden)]
#[allow(dead_code, unreachable_pub)]
const _: () = {
    fn __dial_call(__request: ::dial::ModifiableRequest) -> ::dial::__private::Outcome {
        let __arg_0 = match ::dial::__private::param::<Uuid>(&__request, "r") {
            ::core::result::Result::Ok(__value) => __value,
            ::core::result::Result::Err(__reject) => {
                return ::dial::__private::rejected(__reject);
            }
        };
        ::dial::__private::boxed(async move {
            let mut __request = __request;
            let __edited = ::dial::__private::edited(
                users(&mut __request, __arg_0).await,
            );
            ::dial::__private::decide_edit(__request, __edited)
        })
    }
    fn __dial_check(
        __startup: &::dial::__private::Startup<'_>,
    ) -> ::core::result::Result<(), ::dial::Error> {
        ::core::result::Result::Ok(())
    }
    static __DIAL_DEFINITION: ::dial::__private::Definition = ::dial::__private::Definition::new(
            "users",
            ::dial::__private::Location {
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
            },
            __dial_call,
            __dial_check,
            ::dial::__private::Hosts::Env("BACKENDS"),
        )
        .path("/users/{r}")
        .retry(|| ::core::option::Option::Some(
            <::dial::Retry as ::core::default::Default>::default()
                .hedge(::dial::Hedge::after(::core::time::Duration::from_millis(50u64))),
        ))
        .concurrency(|| ::dial::ConcurrencyLimit::new(100usize));
    #[automatically_derived]
    impl ::dial::Route for users {
        fn definition() -> &'static ::dial::__private::Definition {
            &__DIAL_DEFINITION
        }
    }
    #[automatically_derived]
    impl users {
        /// The path that the route takes.
        const PATH: &'static str = "/users/{r}";
        /// The route's upstream.
        ///
        /// # Errors
        ///
        /// When its endpoints are known only at run time and are not valid.
        fn upstream() -> ::core::result::Result<::dial::Upstream, ::dial::Error> {
            __DIAL_DEFINITION.upstream()
        }
    }
};
