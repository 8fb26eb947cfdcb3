//! Active health checks: endpoints are asked at intervals whether they can serve, whether or not there are requests.
//!
//! Each upstream that has a health check has one prober, however many workers, routes and services share it. It is a task on
//! the runtime of whoever uses the upstream first, and ends with the upstream or with that runtime; then the next request
//! starts another. What endpoints answer goes to `upstream::probation`, which decides.

mod exchange;
mod schedule;

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use self::exchange::Prober;
use self::schedule::Schedule;
use crate::client::Connector;
use crate::upstream::{Probed, Probing, Upstream};

/// How many probes of one upstream are under way at a time.
const MAX_PARALLEL: usize = 128;

/// Starts the prober of `upstream` on this runtime, if it should have one and has none.
pub(crate) fn start(upstream: &Upstream, connector: &Connector) {
    upstream.start_probes(|probing| {
        let prober = Prober::new(connector.clone(), Arc::clone(probing.check()));
        run(probing, Arc::new(prober))
    });
}

/// A probe that is over: when it began, and what became of it.
type Done = (Instant, Probed);

/// Probes until the upstream is gone. Probes under way end with it.
async fn run(probing: Probing, prober: Arc<Prober>) {
    let mut schedule = Schedule::default();
    let mut under_way = JoinSet::<Done>::new();
    let Some(endpoints) = probing.endpoints() else {
        return;
    };
    schedule.follow(endpoints, Instant::now());
    loop {
        let now = Instant::now();
        while under_way.len() < MAX_PARALLEL
            && let Some(endpoint) = schedule.take(now)
        {
            let prober = Arc::clone(&prober);
            under_way.spawn(async move {
                let result = prober.probe(&endpoint).await;
                (now, (endpoint, result))
            });
        }
        let due = schedule.due().filter(|_| under_way.len() < MAX_PARALLEL);
        tokio::select! {
            () = probing.changed() => match probing.endpoints() {
                Some(endpoints) => schedule.follow(endpoints, Instant::now()),
                None => return,
            },
            Some(done) = under_way.join_next() => {
                let others = std::iter::from_fn(|| under_way.try_join_next());
                let done = std::iter::once(done).chain(others);
                // One that ended otherwise than by itself leaves nothing to rely on: the next request starts another prober.
                let Ok(done) = done.collect::<Result<Vec<_>, _>>() else {
                    return;
                };
                let results = done.into_iter().map(|(began, probed)| {
                    schedule.again(&probed.0, began + probing.wait());
                    probed
                });
                // All at once: they change who gets requests once.
                probing.tell(results);
            }
            () = sleep_until(due.unwrap_or(now)), if due.is_some() => {}
        }
    }
}
