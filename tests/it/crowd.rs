//! Many clients at once.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;

use dial_tests::RawClient;
use tokio::task::LocalSet;

/// Lets `clients` keep-alive clients share the numbers of `requests` among them: each, when it has done with one, takes
/// the next. Ends with the last, or with the first that panics.
pub(crate) async fn crowd<F>(addr: SocketAddr, clients: usize, requests: Range<usize>, ask: F)
where
    F: AsyncFn(&mut RawClient, usize) + 'static,
{
    let shared = Rc::new((RefCell::new(requests), ask));
    let local = LocalSet::new();
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            let shared = Rc::clone(&shared);
            local.spawn_local(async move {
                let (requests, ask) = &*shared;
                let mut client = RawClient::connect(addr).await;
                loop {
                    let next = requests.borrow_mut().next();
                    let Some(number) = next else { return };
                    ask(&mut client, number).await;
                }
            })
        })
        .collect();
    let all = async {
        for client in clients {
            client.await.expect("a client that is content");
        }
    };
    local.run_until(all).await;
}
