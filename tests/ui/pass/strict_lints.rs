//! A crate that forbids and denies a lot.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    missing_copy_implementations,
    rust_2018_idioms,
    unreachable_pub,
    unused,
    unused_qualifications,
    unused_results,
    single_use_lifetimes,
    trivial_casts,
    unnameable_types,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]

use dial::{ModifiableRequest, proxy};

pub mod routes {
    //! Public routes.
    use dial::{ModifiableRequest, State, proxy};

    /// A public one.
    ///
    /// # Errors
    ///
    /// When the request is not sound.
    #[proxy("/{id}", hosts = ["b"], on_response = |_| ())]
    pub async fn public(
        mut request: ModifiableRequest,
        id: u64,
        State(greeting): State<&'static str>,
    ) -> dial::Result {
        std::future::ready(()).await;
        request.set_header("x-id", format!("{greeting}{id}")).build()
    }
}

dial::upstream! {
    /// A public one.
    pub static API = ["a", ("b", weight = 2)], balance = consistent_hash(header = "X-Tenant");

    static PRIVATE = ["a"], slow_start = 1m;
}

#[proxy("/c", upstream = API, on_error = |_, _| ())]
fn shared(request: &mut ModifiableRequest) {
    let _ = request.set_header("x", "y");
}

#[proxy("/d", hosts = ["a", ("b", weight = 2)], balance = custom(dial::Policy::random(), cookie = "a"))]
fn own(request: &mut ModifiableRequest) {
    let _ = request.set_header("x", "y");
}

#[proxy("/", hosts = ["b"])]
fn private(request: &mut ModifiableRequest) {
    let _ = request.set_header("x", "y");
}

/// Runs.
pub fn main() {
    assert_eq!(routes::public::PATH, "/{id}");
    assert_eq!(private::PATH, "/");
    assert_eq!([shared::PATH, own::PATH], ["/c", "/d"]);
    assert!(PRIVATE.get().is_ok());
}
