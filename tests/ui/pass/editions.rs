//! Compiled in every edition since 2018; see `editions` in `ui.rs`.
#![forbid(unsafe_code)]
#![deny(warnings, rust_2018_idioms)]

use dial::{ModifiableRequest, State, proxy, routes};

macro_rules! handler {
    ($name:ident, $id:ty) => {
        #[proxy(
            "/{id}/{rest}",
            hosts = ["a", ("b:1", weight = 2)],
            balance = consistent_hash(header = "X-Tenant"),
            methods = [GET],
            timeout(connect = 5s, response = 500ms),
            retry(attempts = 2, on = [connect, 5xx], buffer = 1KiB, budget = 20%),
            body_limit = 1MiB,
            on_response = |_| ()
        )]
        async fn $name(
            mut request: ModifiableRequest,
            id: $id,
            rest: String,
            State(state): State<u8>,
        ) -> dial::Result {
            request.set_header("x", format!("{}{}{}", id, rest, state)).build()
        }
    };
}

handler!(by_macro, u64);

dial::upstream! {
    static SHARED = ["a", ("b", backup)], balance = least_request;
}

#[proxy("/shared", upstream = SHARED)]
fn shared(_request: &mut ModifiableRequest) {}

#[proxy(hosts = vec!["a"], on_error = |_, _| ())]
fn edit(request: &mut ModifiableRequest) {
    request.set_path("/x");
}

fn main() {
    assert_eq!(routes![by_macro, edit, shared].len(), 3);
    assert_eq!(dial::Router::registered().len(), 3);
}
