//! How much a client may send ahead of its answers.

use dial_tests::RawClient;

use super::{REQUEST, served};
use crate::harness::held;

/// Far more than what the kernel holds for a connection.
const MUCH: u64 = 64 * 1024 * 1024;

#[tokio::test]
async fn what_comes_ahead_is_left_to_the_kernel() {
    let ahead = usize::try_from(MUCH).expect("fits");
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {MUCH}\r\n\r\n");
    for (read_ahead, all) in [(1, false), (16 * 1024, false), (ahead, true)] {
        let (origin, gate) = held();
        let served = served(&origin, |builder| builder.read_ahead(read_ahead));
        let mut client = RawClient::connect(served.addr).await;
        client.send(REQUEST).await;
        client.send(&head).await;
        origin.requested(1).await;
        if all {
            client.send_bulk(MUCH).await;
        } else {
            let taken = client.send_bulk_until_stalled(MUCH).await;
            assert!(taken < MUCH, "{read_ahead}: all {taken} bytes were taken");
        }
        gate.open();
        assert_eq!(client.read_response().await.text(), "late");
    }
}

/// However little is read ahead, nothing of it is lost.
#[tokio::test]
async fn pipelined_requests_are_served_in_order() {
    let origin = dial_tests::Origin::named("1");
    let served = served(&origin, |builder| builder.read_ahead(1));
    let mut client = RawClient::connect(served.addr).await;
    let targets: Vec<_> = (0..200).map(|number| format!("/{number}")).collect();
    let requests: Vec<_> = targets
        .iter()
        .map(|target| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"))
        .collect();
    client.send(requests.concat()).await;
    for _ in &targets {
        assert_eq!(client.read_response().await.status, 200);
    }
    let arrived: Vec<_> = origin.requests().into_iter().map(|r| r.target).collect();
    assert_eq!(arrived, targets);
}
