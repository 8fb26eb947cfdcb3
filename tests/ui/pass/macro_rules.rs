//! Handlers that `macro_rules!` writes: fragments arrive in invisible groups, and names are hygienic.
use dial::{ModifiableRequest, Route, proxy, routes};

macro_rules! forward {
    ($(#[$meta:meta])* $visibility:vis $name:ident, $path:literal, $host:expr, $request:ty, $($id:ident: $t:ty),* => $body:block) => {
        $(#[$meta])*
        #[proxy($path, hosts = [$host], name = $path, timeout(connect = 5s), crate = $crate::dial_again)]
        $visibility fn $name(request: $request, $($id: $t),*) -> dial::Result {
            let mut request = request;
            $(request.append_query(stringify!($id), $id.to_string());)*
            let _: () = $body;
            request.build()
        }
    };
}

macro_rules! hygienic {
    ($name:ident) => {
        #[proxy("/{id}", hosts = ["b"], methods = [GET])]
        async fn $name(request: &mut ModifiableRequest, id: u64) {
            request.set_header("x-id", id.to_string());
        }
    };
}

mod reexport {
    pub use dial;
}
pub use reexport::dial as dial_again;

forward!(pub(crate) first, "/a/{id}", "backend", ModifiableRequest, id: u64 => {});
forward!(
    /// Documented.
    #[inline]
    second, "/b/{id}/{name}", concat!("http://", "b"), dial::ModifiableRequest, id: u64, name: String => { () }
);
hygienic!(third);

fn main() {
    assert_eq!(routes![first, second, third].len(), 3);
    let outbound = second(ModifiableRequest::get("/"), 7, "x".into()).unwrap();
    assert_eq!(outbound.uri(), "/?id=7&name=x");
    assert_eq!(first::definition().name(), "/a/{id}");
    assert!(second::upstream().is_ok());
}
