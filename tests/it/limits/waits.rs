//! How long a client may be silent: before its first request, between two, and within a head.

use std::time::Duration;

use dial_tests::{Ending, Origin, RawClient};

use super::{REQUEST, SOON, ask, idle, served};

#[tokio::test]
async fn keep_alive_is_for_connections_that_were_used() {
    let origin = Origin::named("1");
    let served = served(&origin, |builder| builder.keep_alive_timeout(SOON));
    let mut silent = RawClient::connect(served.addr).await;
    let mut lying = RawClient::connect(served.addr).await;
    lying.send(REQUEST.repeat(3)).await;
    for _ in 0..3 {
        assert_eq!(lying.read_response().await.status, 200);
    }
    assert_eq!(lying.closed().await, Ending::Closed);
    assert_eq!(idle(&served).await.closed().await, Ending::Closed);
    assert_eq!(ask(&mut silent).await, 200, "it was new all the time");
}

#[tokio::test]
async fn a_new_connection_is_waited_for_as_long_as_a_head() {
    let origin = Origin::named("1");
    let served = served(&origin, |builder| builder.header_read_timeout(SOON));
    let mut lying = idle(&served).await;
    let mut silent = RawClient::connect(served.addr).await;
    assert_eq!(silent.closed().await, Ending::Closed);
    assert_eq!(ask(&mut lying).await, 200, "it was used before");
}

/// RFC 9110 §15.5.9: only one who has begun to ask is answered.
#[tokio::test]
async fn a_head_that_stops_is_a_408_on_any_connection() {
    let origin = Origin::named("1");
    let served = served(&origin, |builder| builder.header_read_timeout(SOON));
    for used in [false, true] {
        let mut client = match used {
            false => RawClient::connect(served.addr).await,
            true => idle(&served).await,
        };
        client.send("GET / HTTP/1.1\r\nHost: a").await;
        assert_eq!(client.read_response().await.status, 408);
        assert_eq!(client.closed().await, Ending::Closed);
    }
    assert_eq!(origin.count(), 1);
}

/// RFC 9112 §2.2: they are ignored, and win no time.
#[tokio::test]
async fn empty_lines_do_not_keep_a_connection() {
    let origin = Origin::named("1");
    let served = served(&origin, |builder| {
        builder.header_read_timeout(SOON).keep_alive_timeout(SOON)
    });
    for line in ["\r\n", "\r"] {
        let mut dripping = idle(&served).await;
        let mut taken = 0;
        while dripping.try_send(line).await.is_ok() {
            taken += 1;
            assert!(taken < 1000, "{line:?}: dial goes on reading");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let mut client = RawClient::connect(served.addr).await;
    client.send("\r\n\r\n\r\n").await;
    client.send(REQUEST).await;
    assert_eq!(client.read_response().await.status, 200);
}
