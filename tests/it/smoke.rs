//! The shortest way through both homes.

use dial::ModifiableRequest;
use dial_tests::{Origin, client};

use crate::harness::Both;

#[tokio::test]
async fn requests_go_round() {
    let origins = ["1", "2", "3"].map(Origin::named);
    let hosts = origins.each_ref().map(Origin::url);
    let both = Both::proxy(dial::proxy(hosts, |request: ModifiableRequest| request)).await;
    for (home, addr) in both.homes() {
        for expected in ["1", "2", "3", "1", "2", "3"] {
            let response = client::get(addr, "/x?a=1").await;
            assert_eq!(response.status, 200, "{home}");
            assert_eq!(response.origin(), expected, "{home}");
        }
    }
}
