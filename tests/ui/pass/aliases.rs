//! The request under another name, and types behind macros.
use dial::{ModifiableRequest as Request, proxy};

type Incoming = dial::ModifiableRequest;

macro_rules! number {
    () => {
        u64
    };
}

#[proxy("/a", hosts = ["b"])]
fn alias(mut request: Incoming) -> dial::Result {
    request.build()
}

#[proxy("/b", hosts = ["b"])]
fn renamed(request: &mut Request) {
    request.set_path("/c");
}

#[proxy("/c/{id}", hosts = ["b"])]
fn typed(_request: &mut dial::ModifiableRequest, id: number!()) {
    let _: u64 = id;
}

fn main() {
    assert!(alias(Request::get("/")).is_ok());
    let mut request = Request::get("/");
    renamed(&mut request);
    typed(&mut request, 7);
    assert_eq!(request.build().unwrap().uri(), "/c");
}
