//! What goes on in the background of an upstream: asking where its hosts are, probing them.
//!
//! A task has no thread of its own. Whoever wires or uses the upstream within a runtime starts it there, once, however
//! many workers and routes share the upstream; when that runtime goes away, the next one to use the upstream starts it
//! anew. It ends with the upstream, which it never keeps alive.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::AbortHandle;

use super::probes::Probing;
use super::{Inner, Upstream};

/// The tasks of an upstream; mostly none.
#[derive(Default)]
pub(super) struct Tasks {
    pub(super) discovery: Option<Task>,
    pub(super) probes: Option<Task>,
}

/// One task, whether or not it runs.
#[derive(Default)]
pub(super) struct Task {
    runs: AtomicBool,
    abort: Mutex<Option<AbortHandle>>,
}

/// A handle that does not keep the upstream alive.
#[derive(Clone)]
pub(crate) struct WeakUpstream(Weak<Inner>);

impl Upstream {
    /// Whether something should go on in its background and does not: all that a request is asked to look at.
    pub(crate) fn is_idle(&self) -> bool {
        let Tasks { discovery, probes } = &self.inner.tasks;
        let mut tasks = discovery.iter().chain(probes);
        tasks.any(|task| !task.runs.load(Ordering::Relaxed))
    }

    /// Starts to ask for its hosts, if it should and nobody does yet. Without a runtime nothing happens.
    pub(crate) fn start_discovery(&self) {
        if let Some(discovery) = &self.inner.discovery {
            self.start(
                |tasks| tasks.discovery.as_ref(),
                |upstream| discovery.run(upstream),
            );
        }
    }

    /// The same where the upstream is only wired, and nobody knows who will use it. A runtime of a single thread may be
    /// at rest until the program ends; there the first request starts it.
    pub(crate) fn start_discovery_early(&self) {
        let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
        if flavor.is_ok_and(|flavor| flavor == RuntimeFlavor::MultiThread) {
            self.start_discovery();
        }
    }

    /// Has `run` probe its endpoints, if that should be done and nobody does it yet. Without a runtime nothing happens.
    pub(crate) fn start_probes<R>(&self, run: impl FnOnce(Probing) -> R)
    where
        R: Future<Output = ()> + Send + 'static,
    {
        if let Some(probes) = &self.inner.probes {
            self.start(
                |tasks| tasks.probes.as_ref(),
                |upstream| run(probes.begin(upstream)),
            );
        }
    }

    /// One that comes to its end by itself, or by a panic, is started anew by whoever uses the upstream next.
    fn start<R>(&self, which: fn(&Tasks) -> Option<&Task>, run: impl FnOnce(WeakUpstream) -> R)
    where
        R: Future<Output = ()> + Send + 'static,
    {
        let Some(task) = which(&self.inner.tasks) else {
            return;
        };
        if task.runs.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        if task.runs.swap(true, Ordering::AcqRel) {
            return;
        }
        let upstream = WeakUpstream(Arc::downgrade(&self.inner));
        let running = Running {
            upstream: upstream.clone(),
            which,
        };
        let run = run(upstream);
        // Held over the start: the handle of another one that follows at once is not to be replaced by this one's.
        let mut abort = task.abort.lock().unwrap_or_else(PoisonError::into_inner);
        let spawned = runtime.spawn(async move {
            let _running = running;
            run.await;
        });
        *abort = Some(spawned.abort_handle());
    }
}

/// Nobody else would wake a task that waits for something that never comes.
impl Drop for Task {
    fn drop(&mut self) {
        let abort = self.abort.get_mut();
        if let Some(abort) = abort.unwrap_or_else(PoisonError::into_inner) {
            abort.abort();
        }
    }
}

impl WeakUpstream {
    /// The upstream, if somebody still has it. Not to be held over an await.
    pub(crate) fn upgrade(&self) -> Option<Upstream> {
        let inner = self.0.upgrade()?;
        Some(Upstream { inner })
    }
}

/// Part of the future that runs, so that it is dropped with it: then another may be started.
struct Running {
    upstream: WeakUpstream,
    which: fn(&Tasks) -> Option<&Task>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(upstream) = self.upstream.upgrade()
            && let Some(task) = (self.which)(&upstream.inner.tasks)
        {
            task.runs.store(false, Ordering::Release);
        }
    }
}
