//! How slowly a client may send and take, beyond what it may be silent.

use dial::ServerBuilder;
use dial_tests::{BulkOrigin, Ending, Origin, RawClient};

use super::{SOON, served};

const HALF: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf";

/// RFC 9110 §15.5.9. Silence alone would be waited for much longer.
#[tokio::test]
async fn a_body_that_drips_in_is_a_408() {
    let origin = Origin::named("1");
    let patience = |builder: ServerBuilder| builder.body_timeout(2 * SOON);
    let server = served(&origin, patience);
    let lenient = served(&origin, |builder| builder.min_rate(0));
    let sink = BulkOrigin::sink();
    let busy = served(&sink, patience);

    // Nobody but the endpoint is waited for here.
    let mut held_up = RawClient::connect(busy.addr).await;
    let length = 64 * 1024 * 1024;
    sink.gate().close();
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    held_up.send(head).await;
    let sent = held_up.send_bulk_until_stalled(length).await;

    let mut allowed = RawClient::connect(lenient.addr).await;
    allowed.send(HALF).await;
    let mut dripping = RawClient::connect(server.addr).await;
    dripping.send(HALF).await;
    for byte in ["a", "b", "c"] {
        // Each byte begins another silence; the rate is that of them all.
        tokio::time::sleep(SOON).await;
        dripping.send(byte).await;
    }
    assert_eq!(dripping.read_response().await.status, 408);
    assert_eq!(dripping.closed().await, Ending::Closed);

    allowed.send("half").await;
    assert_eq!(allowed.read_response().await.status, 200);
    sink.gate().open();
    held_up.send_bulk_from(sent, length).await;
    assert_eq!(held_up.read_response().await.text(), length.to_string());
}

#[tokio::test]
async fn a_response_that_is_taken_too_slowly_is_cut_off() {
    let origin = BulkOrigin::flood(16 * 1024 * 1024);
    let server = served(&origin, |builder| {
        builder.body_timeout(SOON).min_rate(u32::MAX)
    });
    let lenient = served(&origin, |builder| builder.min_rate(0));
    let held_back = BulkOrigin::flood(1024 * 1024);
    held_back.gate().close();
    let waiting = served(&held_back, |builder| {
        builder.body_timeout(SOON).min_rate(u32::MAX)
    });

    let mut allowed = RawClient::connect(lenient.addr).await;
    allowed.send(super::REQUEST).await;
    let allowed_head = allowed.read_head().await;
    // Nobody but the endpoint is waited for here.
    let mut patient = RawClient::connect(waiting.addr).await;
    patient.send(super::REQUEST).await;
    let patient_head = patient.read_head().await;

    let mut slow = RawClient::connect(server.addr).await;
    slow.send(super::REQUEST).await;
    slow.read_head().await;
    origin.closed(1).await;

    held_back.gate().open();
    assert_eq!(patient.read_bulk(&patient_head).await, 1024 * 1024);
    assert_eq!(allowed.read_bulk(&allowed_head).await, 16 * 1024 * 1024);
}
