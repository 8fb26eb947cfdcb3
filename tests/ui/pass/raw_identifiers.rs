//! Raw identifiers, whose `r#` is part of neither names nor parameters.
use dial::{ModifiableRequest, Route, proxy};

#[proxy("/{match}/{type}", hosts = ["b"])]
fn r#type(mut request: ModifiableRequest, r#type: String, r#match: u8) -> dial::Result {
    request.rewrite_uri(format!("/{type}/{match}", r#type = r#type, r#match = r#match)).build()
}

#[proxy("/{größe}", hosts = ["b"])]
fn größe(_request: &mut ModifiableRequest, größe: u64) {
    let _ = größe;
}

fn main() {
    assert_eq!(r#type::definition().name(), "type");
    assert_eq!(r#type::PATH, "/{match}/{type}");
    let outbound = r#type(ModifiableRequest::get("/"), "a".into(), 1).unwrap();
    assert_eq!(outbound.uri(), "/a/1");
    assert_eq!(größe::definition().name(), "größe");
}
