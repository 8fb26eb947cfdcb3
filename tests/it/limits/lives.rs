//! How many requests a connection serves, and for how long.

use dial_tests::{Ending, Origin, RawClient};

use super::{REQUEST, SOON, idle, served};
use crate::harness::held;

#[tokio::test]
async fn the_last_request_of_a_connection_is_told() {
    let origin = Origin::named("1");
    let served = served(&origin, |builder| builder.max_requests_per_connection(3));
    let old = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let cases = [
        ("HTTP/1.1", REQUEST, vec![]),
        ("HTTP/1.0", old, vec!["keep-alive"]),
    ];
    for (name, request, before) in cases {
        for pipelined in [false, true] {
            let what = format!("{name}, pipelined: {pipelined}");
            let asked = origin.count();
            let mut client = RawClient::connect(served.addr).await;
            if pipelined {
                client.send(request.repeat(5)).await;
            }
            for number in 1..=3 {
                if !pipelined {
                    client.send(request).await;
                }
                let response = client.read_response().await;
                assert_eq!(response.status, 200, "{what}, {number}");
                let says = response.headers.all("connection");
                let expected = if number < 3 { &before } else { &vec!["close"] };
                assert_eq!(says, *expected, "{what}, {number}");
            }
            assert_eq!(client.closed().await, Ending::Closed, "{what}");
            assert_eq!(origin.count(), asked + 3, "{what}");
        }
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_when_it_is_old() {
    let origin = Origin::named("1");
    let served = served(&origin, |builder| builder.max_connection_age(SOON));
    assert_eq!(idle(&served).await.closed().await, Ending::Closed);
    let mut silent = RawClient::connect(served.addr).await;
    assert_eq!(silent.closed().await, Ending::Closed);
}

#[tokio::test]
async fn a_busy_connection_ends_with_its_response_when_it_is_old() {
    let (origin, gate) = held();
    let served = served(&origin, |builder| builder.max_connection_age(SOON));
    let mut busy = RawClient::connect(served.addr).await;
    busy.send(REQUEST).await;
    origin.requested(1).await;
    // One that came later is old by now.
    RawClient::connect(served.addr).await.closed().await;
    gate.open();
    let response = busy.read_response().await;
    assert_eq!(response.text(), "late");
    assert_eq!(response.headers.all("connection"), ["close"]);
    assert_eq!(busy.closed().await, Ending::Closed);
}
