#[cfg(unix)]
pub fn api(request: ModifiableRequest) -> dial::Result {
    request.build()
}
::core::compile_error! {
    "unknown key `host`; did you mean `hosts`?"
}
#[cfg(unix)]
#[doc(hidden)]
#[allow(dead_code, non_camel_case_types)]
#[non_exhaustive]
pub struct api {}
#[cfg(unix)]
#[doc(hidden)]
#[allow(dead_code)]
const _: () = {
    impl ::dial::Route for api {
        fn definition() -> &'static ::dial::__private::Definition {
            ::core::unreachable!()
        }
    }
    impl api {
        pub const PATH: &'static str = "";
        pub fn upstream() -> ::core::result::Result<::dial::Upstream, ::dial::Error> {
            ::core::unreachable!()
        }
    }
};
