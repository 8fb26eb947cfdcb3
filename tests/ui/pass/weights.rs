//! Endpoints with options, beside those without and those that are computed.
use dial::{HostEntry, ModifiableRequest, proxy};

const HEAVY: u32 = 3;
const OTHER: &str = "other:1";

fn entry() -> HostEntry {
    HostEntry::new("entry").backup()
}

#[proxy("/a", hosts = [("http://a", weight = 3), "b", ("c", backup), ("d", weight = 2, backup,),])]
fn literals(_request: &mut ModifiableRequest) {}

#[proxy("/b", hosts = ["a", (OTHER, weight = HEAVY), (format!("b{}", 1), weight = 1_000u32), entry(), ("c"), ("d",)])]
fn mixed(_request: &mut ModifiableRequest) {}

#[proxy("/c", hosts = [("a", weight = HEAVY - 3)])]
fn computed_zero(_request: &mut ModifiableRequest) {}

fn main() {
    let status = |upstream: dial::Upstream| {
        let status = upstream.status().into_iter();
        status.map(|host| (host.host, host.weight, host.backup)).collect::<Vec<_>>()
    };
    let http = |host: &str, weight, backup| (format!("http://{host}"), weight, backup);
    assert_eq!(
        status(literals::upstream().unwrap()),
        [http("a:80", 3, false), http("b:80", 1, false), http("c:80", 1, true), http("d:80", 2, true)]
    );
    assert_eq!(
        status(mixed::upstream().unwrap()),
        [
            http("a:80", 1, false),
            http("other:1", 3, false),
            http("b1:80", 1000, false),
            http("entry:80", 1, true),
            http("c:80", 1, false),
            http("d:80", 1, false),
        ]
    );
    let error = computed_zero::upstream().unwrap_err().to_string();
    assert!(error.contains("hosts[0]") && error.contains("weight of 0"), "{error}");
}
