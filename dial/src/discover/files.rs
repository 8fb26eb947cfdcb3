//! Hosts from a file that somebody else writes.
//!
//! The file is read once a second and compared, rather than watched through the kernel: that sees a file that is written in
//! place, one that is renamed over it, and a link that is pointed elsewhere (as Kubernetes does with mounted config maps)
//! alike, on any file system, also one that is mounted over a network.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::error::{BoxError, Error};
use crate::upstream::{Discover, HostEntry};

/// Between two looks at a file.
const INTERVAL: Duration = Duration::from_secs(1);
/// What two looks at a file that has changed have to agree for: it may be about to be written.
const SETTLED: Duration = Duration::from_millis(50);
/// Where that stops: a file that changes faster is taken as it is.
const LOOKS: usize = 20;
/// The largest file.
const MAX_BYTES: u64 = 1024 * 1024;

/// Hosts from a file, one a line as [`HostEntry::parse_list`] reads them; needs the feature `files`.
///
/// A change is seen within about a second, whether the file is written in place, renamed over or a link to another one; a
/// file that was not there, within ten.
/// One with comments alone says that nobody is up. One without a byte, a missing one, one larger than 1 MiB and one with a
/// line that is not understood change nothing: the hosts that were there before stay, and the log says why.
///
/// ```no_run
/// use dial::{HostFile, Upstream};
///
/// let upstream = Upstream::builder().discover(HostFile::new("/etc/dial/api.hosts")).build()?;
/// # Ok::<(), dial::Error>(())
/// ```
pub struct HostFile {
    path: Arc<Path>,
    /// What was told last, good or bad.
    told: Option<String>,
    /// Whether the file could not be read when it was asked for last.
    unreadable: bool,
}

impl HostFile {
    /// The hosts in the file at `path`, which may come later.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into().into(),
            told: None,
            unreadable: false,
        }
    }

    /// The file as it is, once nobody seems to be writing it.
    async fn read(&self) -> Result<String, BoxError> {
        let mut text = self.look().await?;
        for _ in 0..LOOKS {
            if self.told.as_ref() == Some(&text) {
                break;
            }
            sleep(SETTLED).await;
            let again = self.look().await?;
            if again == text {
                break;
            }
            text = again;
        }
        Ok(text)
    }

    async fn look(&self) -> Result<String, BoxError> {
        let path = Arc::clone(&self.path);
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        read.map_err(BoxError::from)
            .and_then(|read| read.map_err(BoxError::from))
            .map_err(|source| {
                Error::config(format!("cannot read {}", self.path.display()))
                    .with_source(source)
                    .into()
            })
    }

    fn parse(&self, text: &str) -> Result<Vec<HostEntry>, BoxError> {
        let parsed = match text {
            "" => Err(Error::config(
                "the file is empty; a comment would say that nobody is up",
            )),
            text => HostEntry::parse_list(text),
        };
        parsed.map_err(|error| error.within(self.path.display()).into())
    }
}

impl Discover for HostFile {
    async fn next(&mut self) -> Option<Result<Vec<HostEntry>, BoxError>> {
        loop {
            match self.read().await {
                Err(error) => {
                    self.unreadable = true;
                    return Some(Err(error));
                }
                Ok(text) => {
                    // That it can be read again is worth telling, even if nothing has changed.
                    let came_back = std::mem::take(&mut self.unreadable);
                    if came_back || self.told.as_ref() != Some(&text) {
                        let hosts = self.parse(&text);
                        self.told = Some(text);
                        return Some(hosts);
                    }
                }
            }
            sleep(INTERVAL).await;
        }
    }
}

impl fmt::Debug for HostFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostFile").field(&self.path).finish()
    }
}

fn read(path: &Path) -> io::Result<String> {
    // To open a pipe would be to wait for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut text = String::new();
    File::open(path)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    match text.len() as u64 > MAX_BYTES {
        true => Err(io::Error::other(format!(
            "it has more than {MAX_BYTES} bytes"
        ))),
        false => Ok(text),
    }
}
