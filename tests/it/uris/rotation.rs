//! Round robin: exact, in the order of the list, also while the list changes.

use std::net::SocketAddr;

use dial::{ModifiableRequest, Upstream};
use dial_tests::wait::DEADLINE;
use dial_tests::{Origin, RawClient, client, within};
use tokio::task::JoinSet;

use crate::harness::Both;

const HOMES: [usize; 2] = [0, 1];

fn unchanged(request: ModifiableRequest) -> ModifiableRequest {
    request
}

/// Who answers the next requests, one after the other, each on a connection of its own.
async fn next(addr: SocketAddr, count: usize) -> Vec<String> {
    let mut answered = Vec::new();
    for _ in 0..count {
        let response = client::get(addr, "/x").await;
        answered.push(match response.status {
            200 => response.origin().to_owned(),
            status => status.to_string(),
        });
    }
    answered
}

#[tokio::test]
async fn hosts_take_turns_in_the_order_of_the_list() {
    for home in HOMES {
        // Not in the order in which they were started, nor of their ports.
        let [b, c, a] = ["2", "3", "1"].map(Origin::named);
        let proxy = dial::proxy([a.url(), b.url(), c.url()], unchanged);
        let both = Both::proxy(proxy).await;
        let (home, addr) = both.homes()[home];
        assert_eq!(
            next(addr, 7).await,
            ["1", "2", "3", "1", "2", "3", "1"],
            "{home}"
        );
    }
}

#[tokio::test]
async fn turns_do_not_depend_on_the_connection_or_the_method() {
    for home in HOMES {
        let origins = ["1", "2", "3"].map(Origin::named);
        let both = Both::proxy(dial::proxy(origins.each_ref().map(Origin::url), unchanged)).await;
        let (home, addr) = both.homes()[home];
        let mut kept = RawClient::connect(addr).await;
        for (method, expected) in [("GET", "1"), ("POST", "2"), ("DELETE", "3"), ("PURGE", "1")] {
            kept.send(format!("{method} /x HTTP/1.1\r\nHost: a\r\n\r\n"))
                .await;
            assert_eq!(
                kept.read_response().await.origin(),
                expected,
                "{home}, {method}"
            );
        }
        assert_eq!(next(addr, 2).await, ["2", "3"], "{home}");
    }
}

#[tokio::test]
async fn each_host_gets_its_share_of_concurrent_requests() {
    const CLIENTS: usize = 10;
    const EACH: usize = 30;
    for home in HOMES {
        let origins = ["1", "2", "3"].map(Origin::named);
        let both = Both::proxy(dial::proxy(origins.each_ref().map(Origin::url), unchanged)).await;
        let (home, addr) = both.homes()[home];
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(requests(addr, EACH));
        }
        within(DEADLINE * 3, clients.join_all()).await;
        let counts = origins.each_ref().map(Origin::count);
        assert_eq!(counts, [CLIENTS * EACH / 3; 3], "{home}");
    }
}

#[tokio::test]
async fn the_rotation_goes_on_while_hosts_come_and_go() {
    for home in HOMES {
        let origins = ["1", "2", "3", "4", "5"].map(Origin::named);
        let [one, two, three, four, five] = origins.each_ref().map(Origin::url);
        let upstream = Upstream::new([&one, &two, &three]).expect("hosts");
        let both = Both::proxy(dial::proxy(&upstream, unchanged)).await;
        let (home, addr) = both.homes()[home];
        assert_eq!(next(addr, 2).await, ["1", "2"], "{home}");

        assert!(upstream.add_host(&four).expect("a host"));
        assert!(
            !upstream.add_host(&four).expect("a host"),
            "it is there already"
        );
        assert_eq!(
            next(addr, 4).await,
            ["3", "4", "1", "2"],
            "{home}, one more"
        );

        assert!(upstream.remove_host(&three).expect("a host"));
        assert!(
            !upstream.remove_host(&three).expect("a host"),
            "it is gone already"
        );
        assert_eq!(
            next(addr, 4).await,
            ["4", "1", "2", "4"],
            "{home}, one less, whose turn it was"
        );

        upstream.set_hosts([&two, &five, &four]).expect("hosts");
        assert_eq!(
            next(addr, 4).await,
            ["2", "5", "4", "2"],
            "{home}, other hosts"
        );

        upstream.set_hosts([&one]).expect("a host");
        assert_eq!(next(addr, 3).await, ["1", "1", "1"], "{home}, only one");

        upstream.remove_host(&one).expect("a host");
        assert_eq!(next(addr, 2).await, ["503", "503"], "{home}, none");

        upstream.set_hosts([&three, &one]).expect("hosts");
        assert_eq!(next(addr, 3).await, ["3", "1", "3"], "{home}, two again");

        upstream.set_hosts(["not a host"]).expect_err("malformed");
        assert_eq!(next(addr, 2).await, ["1", "3"], "{home}, nothing changed");
    }
}

#[tokio::test]
async fn no_request_fails_while_hosts_come_and_go() {
    const CLIENTS: usize = 6;
    const EACH: usize = 50;
    for home in HOMES {
        let origins = ["1", "2", "3"].map(Origin::named);
        let urls = origins.each_ref().map(Origin::url);
        let upstream = Upstream::new(&urls).expect("hosts");
        let both = Both::proxy(dial::proxy(&upstream, unchanged)).await;
        let (home, addr) = both.homes()[home];
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(requests(addr, EACH));
        }
        // Each change follows a request, so that they fall among the requests however fast the machine is.
        for turn in 0..20 {
            origins[0].requested(turn * 2 + 1).await;
            match turn % 2 {
                0 => assert!(upstream.remove_host(&urls[2]).expect("a host")),
                _ => assert!(upstream.add_host(&urls[2]).expect("a host")),
            }
        }
        assert!(upstream.remove_host(&urls[2]).expect("a host"));
        within(DEADLINE * 3, clients.join_all()).await;
        let counts = origins.each_ref().map(Origin::count);
        assert_eq!(counts.iter().sum::<usize>(), CLIENTS * EACH, "{home}");

        // All that was in flight has ended: from now on nothing goes to the host that left.
        requests(addr, 10).await;
        assert_eq!(origins[2].count(), counts[2], "{home}");
    }
}

/// Sends `count` requests over one connection, each of which has to succeed.
async fn requests(addr: SocketAddr, count: usize) {
    let mut client = RawClient::connect(addr).await;
    for _ in 0..count {
        client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.read_response().await.status, 200);
    }
}
