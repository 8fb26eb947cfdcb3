//! Which route takes a request: by domain, then path, then method; and what is said when none does.

mod defaults;
mod domains;
mod duplicates;
mod methods;
mod paths;

use dial::{Body, ModifiableRequest, ProxyService, Response};

/// Answers with `name`, so that a test sees which route took its request.
fn answer(request: &ModifiableRequest, name: &str) -> Response {
    let method = request.method();
    Response::new(Body::from(format!("{name} took {method}")))
}

/// A proxy that only answers.
fn answering(name: &'static str) -> ProxyService {
    dial::proxy(["unused.test"], move |request: ModifiableRequest| {
        answer(&request, name)
    })
}

/// A declared route that answers with its name: `route!(name, "/path", methods = [GET])`.
macro_rules! route {
    ($name:ident, $($key:tt)*) => {
        #[dial::proxy($($key)*, hosts = ["unused.test"], register = false)]
        fn $name(request: dial::ModifiableRequest) -> dial::Response {
            let response = crate::routing::answer(&request, stringify!($name));
            drop(request);
            response
        }
    };
}

use route;
