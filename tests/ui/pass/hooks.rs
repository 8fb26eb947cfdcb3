//! Hooks are functions, closures, or expressions that make one.
use dial::{Error, ModifiableRequest, Response, proxy};

mod hooks {
    pub fn stamp(value: &'static str) -> impl Fn(&mut super::Response) + Send + Sync + 'static {
        move |response| {
            response.headers_mut().insert("x-stamp", value.parse().unwrap());
        }
    }
}

fn plain(response: &mut Response) {
    response.headers_mut().clear();
}

#[proxy("/a", hosts = ["b"], on_response = plain, on_error = |_, response| plain(response))]
fn a(_request: &mut ModifiableRequest) {}

#[proxy("/b", hosts = ["b"], on_response = hooks::stamp("b"))]
fn b(_request: &mut ModifiableRequest) {}

#[proxy("/c", hosts = ["b"], on_response = |response| plain(response), on_error = |_: &Error, _: &mut Response| {})]
fn c(_request: &mut ModifiableRequest) {}

fn main() {
    assert_eq!(dial::routes![a, b, c].len(), 3);
}
