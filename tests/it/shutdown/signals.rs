//! SIGTERM and SIGINT, sent to a process of their own.

use dial_tests::{Origin, RawClient};

use super::{REQUEST, held};
use crate::child::Child;

const OPTIONS: [&[&str]; 3] = [
    &["workers=1"],
    &["workers=4", "reuse_port=true"],
    // The first connection goes to the second worker: the first has nothing to drain and ends early.
    &["workers=2", "reuse_port=false"],
];

async fn busy(child: &Child, origin: &Origin) -> RawClient {
    let mut client = RawClient::connect(child.addr).await;
    client.send(REQUEST).await;
    origin.requested(1).await;
    client
}

#[tokio::test]
async fn the_first_signal_drains() {
    for signal in ["TERM", "INT"] {
        for options in OPTIONS {
            let (origin, gate) = held();
            let mut child = Child::proxy(&origin.url(), options).await;
            let mut busy = busy(&child, &origin).await;
            let mut silent = RawClient::connect(child.addr).await;
            child.signal(signal).await;
            silent.closed().await;
            gate.open();
            assert_eq!(
                busy.read_response().await.text(),
                "late",
                "{signal}, {options:?}"
            );
            busy.closed().await;
            assert!(child.ended().await.success(), "{signal}, {options:?}");
        }
    }
}

#[tokio::test]
async fn the_second_signal_ends_at_once() {
    for (first, second) in [("TERM", "TERM"), ("INT", "INT"), ("TERM", "INT")] {
        for options in OPTIONS {
            let (origin, _gate) = held();
            let options = [options, &["drain_ms=3600000"]].concat();
            let mut child = Child::proxy(&origin.url(), &options).await;
            let mut busy = busy(&child, &origin).await;
            let mut silent = RawClient::connect(child.addr).await;
            child.signal(first).await;
            // It has been heard; a second one before that could be taken for the same.
            silent.closed().await;
            child.signal(second).await;
            assert_eq!(busy.read_to_end().await, b"", "{options:?}");
            assert!(
                child.ended().await.success(),
                "{first}, {second}, {options:?}"
            );
        }
    }
}
