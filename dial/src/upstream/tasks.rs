//! What goes on in the background of an upstream, such as asking where its hosts are.
//!
//! A task has no thread of its own. Whoever wires or uses the upstream within a runtime starts it there, once, however
//! many workers and routes share the upstream; when that runtime goes away, the next one to use the upstream starts it
//! anew. It ends with the upstream, which it never keeps alive.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::AbortHandle;

use super::{Inner, Upstream};

/// What a task does. It is dropped where it waits when its runtime or its upstream goes.
pub(crate) trait Job: Send + Sync + 'static {
    /// One run of it. One that comes to its end by itself is not started again.
    fn run(&self, upstream: WeakUpstream) -> JobRun;
}

pub(crate) type JobRun = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The tasks of an upstream; mostly none.
#[derive(Default)]
pub(super) struct Tasks(Vec<Task>);

struct Task {
    job: Box<dyn Job>,
    /// Whether it runs, or has come to its end.
    started: AtomicBool,
    abort: Mutex<Option<AbortHandle>>,
}

/// A handle that does not keep the upstream alive.
#[derive(Clone)]
pub(crate) struct WeakUpstream(Weak<Inner>);

impl Tasks {
    pub(super) fn add(&mut self, job: impl Job) {
        self.0.push(Task {
            job: Box::new(job),
            started: AtomicBool::new(false),
            abort: Mutex::new(None),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Upstream {
    /// Starts what does not run yet. Without a runtime nothing happens.
    pub(crate) fn start_tasks(&self) {
        let tasks = &self.inner.tasks.0;
        let mut idle = tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| !task.started.load(Ordering::Relaxed))
            .peekable();
        if idle.peek().is_none() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        for (number, task) in idle {
            if !task.started.swap(true, Ordering::AcqRel) {
                self.start(task, number, &runtime);
            }
        }
    }

    /// The same where the upstream is only wired, and nobody knows who will use it. A runtime of a single thread may be
    /// at rest until the program ends; there the first request starts the tasks.
    pub(crate) fn start_tasks_early(&self) {
        let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
        if flavor.is_ok_and(|flavor| flavor == RuntimeFlavor::MultiThread) {
            self.start_tasks();
        }
    }

    fn start(&self, task: &Task, number: usize, runtime: &Handle) {
        let upstream = WeakUpstream(Arc::downgrade(&self.inner));
        let mut running = Running {
            upstream: upstream.clone(),
            number,
            ended: false,
        };
        let run = task.job.run(upstream);
        let spawned = runtime.spawn(async move {
            run.await;
            running.end();
        });
        let mut abort = task.abort.lock().unwrap_or_else(PoisonError::into_inner);
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
    number: usize,
    ended: bool,
}

impl Running {
    fn end(&mut self) {
        self.ended = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Some(upstream) = self.upstream.upgrade()
            && let Some(task) = upstream.inner.tasks.0.get(self.number)
        {
            task.started.store(false, Ordering::Release);
        }
    }
}
