//! The route is as visible as its function.
mod outer {
    pub mod inner {
        use dial::{ModifiableRequest, proxy};

        #[proxy("/pub", hosts = ["b"])]
        pub fn everyone(_request: &mut ModifiableRequest) {}

        #[proxy("/crate", hosts = ["b"])]
        pub(crate) fn in_crate(_request: &mut ModifiableRequest) {}

        #[proxy("/super", hosts = ["b"])]
        pub(super) fn in_super(_request: &mut ModifiableRequest) {}

        #[proxy("/in", hosts = ["b"])]
        pub(in crate::outer) fn in_outer(_request: &mut ModifiableRequest) {}

        #[proxy("/self", hosts = ["b"])]
        fn private(_request: &mut ModifiableRequest) {}

        pub const PRIVATE: &str = private::PATH;
    }

    pub fn paths() -> [&'static str; 2] {
        assert!(inner::in_super::upstream().is_ok());
        [inner::in_super::PATH, inner::in_outer::PATH]
    }
}

fn main() {
    assert_eq!(outer::inner::everyone::PATH, "/pub");
    assert_eq!(outer::inner::in_crate::PATH, "/crate");
    assert_eq!(outer::paths(), ["/super", "/in"]);
    assert_eq!(outer::inner::PRIVATE, "/self");
}
