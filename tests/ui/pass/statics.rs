//! Upstreams in statics, and the routes that share them.
#![deny(missing_docs)]

use dial::{LazyUpstream, ModifiableRequest, Route, proxy};

pub mod upstreams {
    //! Public ones.
    dial::upstream! {
        /// Documented.
        #[cfg(not(no_such_condition))]
        pub static API = ["http://a", ("b", weight = 2)], balance = least_request, slow_start = 30s;

        #[cfg(no_such_condition)]
        pub(crate) static API = nonsense();

        pub(crate) static PLAIN = ["a", "b"];
    }
}

fn hosts() -> Vec<String> {
    vec!["x".into(), "y".into()]
}

dial::upstream! {
    static COMPUTED = hosts(), crate = ::dial;
    static MISSING = env("DIAL_TEST_NO_SUCH_LIST");
    static KEYED = ["a"], balance = consistent_hash(header = "X-Tenant")
}

dial::upstream! {}

#[proxy("/a", upstream = upstreams::API)]
fn first(_request: &mut ModifiableRequest) {}

#[proxy("/b", upstream = upstreams::API)]
fn second(_request: &mut ModifiableRequest) {}

#[proxy("/c", upstream = &COMPUTED)]
fn computed(_request: &mut ModifiableRequest) {}

#[proxy("/d", upstream = KEYED.clone())]
fn keyed(_request: &mut ModifiableRequest) {}

#[proxy("/e", upstream = MISSING)]
fn missing(_request: &mut ModifiableRequest) {}

/// Runs.
pub fn main() {
    assert!(upstreams::API.add_host("c").unwrap());
    assert_eq!(first::upstream().unwrap().hosts(), upstreams::API.hosts());
    assert_eq!(second::upstream().unwrap().len(), 3);
    assert_eq!(upstreams::PLAIN.len(), 2);
    assert_eq!(computed::upstream().unwrap().len(), 2);
    assert_eq!(keyed::upstream().unwrap().len(), 1);

    let unsound: &LazyUpstream = &MISSING;
    for error in [unsound.get().unwrap_err(), missing::upstream().unwrap_err()] {
        let error = error.to_string();
        assert!(error.contains("`MISSING`") && error.contains("statics.rs"), "{error}");
    }
    let handler = |request: ModifiableRequest| request;
    let _ = dial::proxy(&upstreams::API, handler);
    let _ = dial::proxy(&*upstreams::API, handler);
    assert!(dial::try_proxy(unsound, handler).is_err());
    assert_eq!(first::definition().name(), "first");
}
