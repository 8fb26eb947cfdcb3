//! What has been logged while a test ran.
//!
//! dial logs on whichever thread a request is served, so there is one collector for the whole
//! process, and a test picks its lines out by a word that only it uses: a route's name, an origin's
//! address.

use std::io;
use std::sync::LazyLock;

use tokio::sync::watch;
use tokio::time::timeout;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::wait::DEADLINE;

/// The lines logged since this value was made, at DEBUG and above, by one crate or module.
#[derive(Debug)]
pub struct Log {
    target: String,
    start: usize,
}

/// An event in one line: level, enclosing spans with their fields, target, message and fields. No
/// time, no colours.
#[derive(Debug)]
struct Line {
    target: String,
    text: String,
}

static LINES: LazyLock<watch::Sender<Vec<Line>>> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(Collector)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other subscriber in a test");
    watch::Sender::default()
});

// === impl Log ===

impl Log {
    /// Listens from now on to events whose target is `target` or a module of it, such as `dial` or
    /// `dial::proxy`.
    #[must_use]
    pub fn of(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            start: LINES.borrow().len(),
        }
    }

    /// The lines so far that contain `marker`.
    #[must_use]
    pub fn lines(&self, marker: &str) -> Vec<String> {
        self.find(&LINES.borrow(), marker)
    }

    /// Waits for a line that contains `marker`, and returns the first.
    pub async fn line(&self, marker: &str) -> String {
        let mut changes = LINES.subscribe();
        let logged = changes.wait_for(|lines| !self.find(lines, marker).is_empty());
        if timeout(DEADLINE, logged).await.is_err() {
            let all = self.lines("").join("\n");
            panic!("no line with {marker:?} within {DEADLINE:?} among\n{all}");
        }
        self.lines(marker).swap_remove(0)
    }

    fn find(&self, lines: &[Line], marker: &str) -> Vec<String> {
        let lines = lines[self.start..].iter();
        let lines = lines.filter(|line| self.covers(&line.target) && line.text.contains(marker));
        lines.map(|line| line.text.clone()).collect()
    }

    fn covers(&self, target: &str) -> bool {
        let rest = target.strip_prefix(self.target.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// Where the subscriber writes.
struct Collector;

/// Takes the one line of an event.
struct Entry(String);

// === impl Collector ===

impl MakeWriter<'_> for Collector {
    type Writer = Entry;

    fn make_writer(&self) -> Entry {
        Entry(String::new())
    }

    fn make_writer_for(&self, event: &Metadata<'_>) -> Entry {
        Entry(event.target().to_owned())
    }
}

// === impl Entry ===

impl io::Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
        let target = self.0.clone();
        LINES.send_modify(|lines| lines.push(Line { target, text }));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Log;
    use std::thread;
    use tracing::{info, info_span};

    #[tokio::test]
    async fn lines_of_other_threads_are_found_by_their_marker() {
        let log = Log::of("support::log");
        let thread = thread::spawn(|| {
            let span = info_span!("request", route = "api_data");
            span.in_scope(|| info!(target: "support::log::inner", status = 502, "no endpoint"));
            info!(target: "support::logger", "api_data of another crate");
        });
        let line = log.line("api_data").await;
        thread.join().unwrap();
        assert!(line.contains("no endpoint"), "{line}");
        assert!(line.contains("status=502"), "{line}");
        assert_eq!(log.lines("api_data").len(), 1);
        assert!(Log::of("support::log").lines("").is_empty());
    }
}
