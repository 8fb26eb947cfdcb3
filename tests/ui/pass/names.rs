//! Names that generated code might have taken for its own.
#![allow(non_upper_case_globals, non_camel_case_types, dead_code)]
use ::dial::{ModifiableRequest, routes};

const value: u8 = 1;
const reject: u8 = 2;
const id: u8 = 3;
const edited: u8 = 4;
struct startup;
mod core {}
mod std {}
mod linkme {}
type Result = ();
enum Option {
    Ok,
    Err,
    Some,
    None,
}
#[allow(unused_imports)]
use self::Option::{Err, Ok};

#[::dial::proxy("/call", hosts = ["b"])]
fn call(_request: &mut ModifiableRequest) {}

#[::dial::proxy("/check/{key}", hosts = ["b"])]
fn check(_request: &mut ModifiableRequest, key: u64) {
    let _ = key;
}

#[::dial::proxy("/request", hosts = ["b"])]
fn request(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[::dial::proxy("/definition", hosts = ["b"])]
fn definition(_request: &mut ModifiableRequest) {}

#[::dial::proxy("/proxy", hosts = ["b"])]
async fn proxy(_request: &mut ModifiableRequest) {}

#[::dial::proxy("/dial", hosts = ["b"])]
async fn dial(_request: &mut ModifiableRequest) {}

fn main() {
    assert_eq!(routes![call, check, request, definition, proxy, dial].len(), 6);
    call(&mut ModifiableRequest::get("/"));
}
