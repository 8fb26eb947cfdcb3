//! A list of hosts may be any expression; literals among others are still checked.
use dial::{ModifiableRequest, proxy};

const HOSTS: [&str; 2] = ["http://a:1", "http://b:2"];

fn backends<const N: usize>() -> Vec<String> {
    (1..=N).map(|n| format!("backend{n}:8080")).collect()
}

#[proxy("/const", hosts = HOSTS)]
fn constant(_request: &mut ModifiableRequest) {}

#[proxy("/fn", hosts = backends::<3>())]
fn function(_request: &mut ModifiableRequest) {}

#[proxy("/mixed", hosts = ["http://a:1", HOSTS[1]])]
fn mixed(_request: &mut ModifiableRequest) {}

#[proxy("/vec", hosts = vec!["http://a:1", "http://b:2"])]
fn vector(_request: &mut ModifiableRequest) {}

#[proxy("/slice", hosts = &["http://a:1", "http://b:2"])]
fn slice(_request: &mut ModifiableRequest) {}

#[proxy("/none", hosts = Vec::<String>::new())]
fn none(_request: &mut ModifiableRequest) {}

fn main() {
    for upstream in [
        constant::upstream(),
        function::upstream(),
        mixed::upstream(),
        vector::upstream(),
        slice::upstream(),
    ] {
        assert!(upstream.is_ok());
    }
    assert!(none::upstream().is_err());
}
