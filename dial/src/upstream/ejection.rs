//! When an endpoint is taken out of rotation for what it did to requests.

use std::time::Duration;

use http::StatusCode;

use super::range::{HOUR, MS, SECOND, within};
use super::statuses::{GATEWAY_ERRORS, Statuses};
use super::window::is_part;
use crate::error::Error;

/// When a host that fails requests is ejected, and for how long: outlier detection, or passive health checks.
///
/// These are failures: a connection that cannot be made, in time or at all; one that ends before a response; a response
/// that is not HTTP, or that does not come in time; a response body that breaks off or comes to a halt; and
/// [statuses](Self::statuses). What the client is to blame for is none: one that leaves, or a request body that does not
/// come. Nor is a request that was sent before the host's last ejection.
///
/// An ejected host gets nothing new until its time is over, unless [no other](super::UpstreamBuilder::panic) is left to try.
/// Then it is back, in slow start if the upstream has
/// [one](super::UpstreamBuilder::slow_start), and on trial: the first failure ejects it again, for longer, and the first
/// response that is complete ends the trial. Each change is a `tracing` event with the target `dial::upstream`.
///
/// ```
/// use std::time::Duration;
/// use dial::{Ejection, Upstream};
///
/// let upstream = Upstream::builder()
///     .hosts(["a:8080", "b:8080", "c:8080"])
///     .eject(Ejection::new().consecutive(3).statuses(500..=504).base_time(Duration::from_secs(30)))
///     .slow_start(Duration::from_secs(10))
///     .build()?;
/// # assert_eq!(upstream.status()[0].ejected_for, None);
/// # Ok::<(), dial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ejection {
    consecutive: u32,
    statuses: Statuses,
    error_percent: Option<u32>,
    /// How many times the others', and the least that counts.
    latency: Option<(u32, Duration)>,
    window: Duration,
    min_requests: u32,
    base_time: Duration,
    /// The default gives way to a longer base time.
    max_time: Option<Duration>,
    max_percent: u32,
    /// The first setting that is about a window, if there was one.
    of_window: Option<&'static str>,
}

/// What `max_time` is if it is not said.
const MAX_TIME: Duration = Duration::from_mins(5);
const DAY: Duration = Duration::from_hours(24);

impl Ejection {
    /// After 5 consecutive failures, with 502, 503 and 504 among them, for 10 s at first.
    #[must_use]
    pub fn new() -> Self {
        Self {
            consecutive: 5,
            statuses: Statuses::new(GATEWAY_ERRORS),
            error_percent: None,
            latency: None,
            window: Duration::from_secs(10),
            min_requests: 20,
            base_time: Duration::from_secs(10),
            max_time: None,
            max_percent: 50,
            of_window: None,
        }
    }

    /// Ejects after so many failures without a complete response between them, 1 to 1,000. Default is 5.
    #[must_use]
    pub fn consecutive(mut self, failures: u32) -> Self {
        self.consecutive = failures;
        self
    }

    /// The statuses that are failures, 400 to 599 each. Default is 502, 503 and 504; `500..=599` makes it all server
    /// errors, and `[]` none.
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.statuses = Statuses::new(statuses);
        self
    }

    /// Ejects also when so many percent of the requests in a [window](Self::window) have failed, 1 to 100, if they were
    /// [enough](Self::min_requests). Default is off.
    #[must_use]
    pub fn error_percent(mut self, percent: u32) -> Self {
        self.error_percent = Some(percent);
        self
    }

    /// Ejects also when the responses in a [window](Self::window) took, on average and until they began, `times` as long as
    /// those of the median host, 2 to 100, and at least `least`, up to an hour. Only hosts with
    /// [enough](Self::min_requests) requests are compared, and looked at ten times a window. Default is off.
    #[must_use]
    pub fn latency(mut self, times: u32, least: Duration) -> Self {
        self.latency = Some((times, least));
        self
    }

    /// How far back [`error_percent`](Self::error_percent) and [`latency`](Self::latency) look, one of which is given, 1 s to
    /// 1 h. Default is 10 s.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.of_window.get_or_insert("window");
        self.window = window;
        self
    }

    /// With fewer requests than these in a [window](Self::window) a host is not judged by it, 1 to 1,000,000. Default is 20.
    #[must_use]
    pub fn min_requests(mut self, requests: u32) -> Self {
        self.of_window.get_or_insert("min_requests");
        self.min_requests = requests;
        self
    }

    /// How long the first ejection is, 1 ms to 1 h. Default is 10 s. Each that follows is twice as long as the one before.
    /// A host that stays in for as long as it was out is forgiven one.
    #[must_use]
    pub fn base_time(mut self, time: Duration) -> Self {
        self.base_time = time;
        self
    }

    /// No ejection is longer, from the base time up to a day. Default is 5 min, or the base time if that is more.
    #[must_use]
    pub fn max_time(mut self, time: Duration) -> Self {
        self.max_time = Some(time);
        self
    }

    /// How many percent of the hosts may be ejected at once, rounded up to whole hosts, 1 to 100. Default is 50. Hosts that
    /// are drained are left out. The last that is up is ejected only at 100.
    #[must_use]
    pub fn max_percent(mut self, percent: u32) -> Self {
        self.max_percent = percent;
        self
    }

    /// What an upstream does that was not told: only what surely is the host's own fault, as a status may be meant.
    pub(super) fn unasked() -> Self {
        Self::new().statuses([])
    }

    /// Whether all of it makes sense.
    pub(super) fn check(&self) -> Result<(), Error> {
        within("eject", "consecutive", &self.consecutive, 1..=1_000)?;
        self.statuses.check("eject")?;
        if let Some(percent) = self.error_percent {
            within("eject", "error_percent", &percent, 1..=100)?;
        }
        if let Some((times, least)) = self.latency {
            within("eject", "latency", &times, 2..=100)?;
            within("eject", "latency", &least, Duration::ZERO..=HOUR)?;
        }
        within("eject", "window", &self.window, SECOND..=HOUR)?;
        within("eject", "min_requests", &self.min_requests, 1..=1_000_000)?;
        within("eject", "base_time", &self.base_time, MS..=HOUR)?;
        within("eject", "max_percent", &self.max_percent, 1..=100)?;
        if let Some(time) = self.max_time {
            within("eject", "max_time", &time, self.base_time..=DAY)?;
        }
        match self.of_window {
            Some(name) if !self.has_window() => {
                let what = format!("eject: {name} is given, but neither error_percent nor latency");
                Err(Error::config(what))
            }
            _ => Ok(()),
        }
    }

    /// Whether a response with this status is a failure.
    pub(super) fn is_failure(&self, status: StatusCode) -> bool {
        self.statuses.contains(status)
    }

    /// Whether so many failures in a row are too many.
    pub(super) fn is_streak(&self, failures: u32) -> bool {
        failures >= self.consecutive
    }

    /// The failures after which one more is too many.
    pub(super) fn trial(&self) -> u32 {
        self.consecutive - 1
    }

    /// Whether so many failures of so many requests are too many.
    pub(super) fn is_rate(&self, failures: u64, requests: u64) -> bool {
        self.are_enough(requests)
            && (self.error_percent).is_some_and(|percent| is_part(failures, requests, percent))
    }

    pub(super) fn are_enough(&self, requests: u64) -> bool {
        requests >= u64::from(self.min_requests)
    }

    /// From when on an average latency is too much where this is the median.
    pub(super) fn too_slow(&self, median: Duration) -> Option<Duration> {
        let (times, least) = self.latency?;
        Some(median.saturating_mul(times).max(least))
    }

    /// Whether latencies are of any interest.
    pub(super) fn times(&self) -> bool {
        self.latency.is_some()
    }

    /// Whether requests that went well are counted too.
    pub(super) fn has_window(&self) -> bool {
        self.error_percent.is_some() || self.latency.is_some()
    }

    /// How far back it looks.
    pub(super) fn window_length(&self) -> Duration {
        self.window
    }

    /// How long an ejection is that has so many before it.
    pub(super) fn time(&self, before: u32) -> Duration {
        let times = 1_u32.checked_shl(before).unwrap_or(u32::MAX);
        let longest = self.max_time.unwrap_or(MAX_TIME).max(self.base_time);
        self.base_time.saturating_mul(times).min(longest)
    }

    /// How many of so many hosts may be ejected at once.
    pub(super) fn most(&self, hosts: usize) -> usize {
        (hosts * self.max_percent as usize).div_ceil(100)
    }

    /// Whether the last that is up may be ejected too.
    pub(super) fn may_take_all(&self) -> bool {
        self.max_percent == 100
    }
}

impl Default for Ejection {
    /// [`Ejection::new`].
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn nonsense_is_refused() {
        let new = Ejection::new;
        let (zero, ms, day) = (Duration::ZERO, Duration::from_millis(1), DAY);
        let secs = Duration::from_secs;
        let cases = [
            (
                new().consecutive(0),
                "consecutive is 0; it is 1 at least and 1000 at most",
            ),
            (
                new().consecutive(1001),
                "consecutive is 1001; it is 1 at least and 1000 at most",
            ),
            (
                new().statuses([500, 399]),
                "statuses is 399; it is 400 at least and 599 at most",
            ),
            (
                new().statuses([600]),
                "statuses is 600; it is 400 at least and 599 at most",
            ),
            (
                new().error_percent(0),
                "error_percent is 0; it is 1 at least and 100 at most",
            ),
            (
                new().error_percent(101),
                "error_percent is 101; it is 1 at least and 100 at most",
            ),
            (
                new().latency(1, ms),
                "latency is 1; it is 2 at least and 100 at most",
            ),
            (
                new().latency(2, day),
                "latency is 86400s; it is 0ns at least and 3600s at most",
            ),
            (
                new().window(ms),
                "window is 1ms; it is 1s at least and 3600s at most",
            ),
            (
                new().min_requests(0),
                "min_requests is 0; it is 1 at least and 1000000 at most",
            ),
            (
                new().base_time(zero),
                "base_time is 0ns; it is 1ms at least and 3600s at most",
            ),
            (
                new().max_time(secs(9)),
                "max_time is 9s; it is 10s at least and 86400s at most",
            ),
            (
                new().max_time(day * 2),
                "max_time is 172800s; it is 10s at least and 86400s at most",
            ),
            (
                new().base_time(secs(600)).max_time(secs(300)),
                "max_time is 300s; it is 600s at least and 86400s at most",
            ),
            (
                new().max_percent(0),
                "max_percent is 0; it is 1 at least and 100 at most",
            ),
            (
                new().max_percent(101),
                "max_percent is 101; it is 1 at least and 100 at most",
            ),
        ];
        for (ejection, message) in cases {
            let error = ejection.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert_eq!(error.to_string(), format!("eject: {message}"));
            let built = crate::Upstream::builder()
                .hosts(["a"])
                .eject(ejection)
                .build();
            assert_eq!(built.unwrap_err().to_string(), error.to_string());
        }
        let all = new()
            .consecutive(1)
            .statuses(400..=599)
            .error_percent(100)
            .latency(100, zero)
            .window(HOUR)
            .min_requests(1)
            .base_time(HOUR)
            .max_time(DAY)
            .max_percent(100);
        all.check().unwrap();
        // The default maximum gives way to a longer base time.
        let long = new().base_time(HOUR);
        long.check().unwrap();
        assert_eq!(long.time(3), HOUR);
    }

    #[test]
    fn a_window_that_nothing_looks_at_is_refused() {
        let new = || Ejection::new().min_requests(5);
        let second = Duration::from_secs(1);
        for (ejection, name) in [
            (Ejection::new().window(second).min_requests(5), "window"),
            (new().window(second), "min_requests"),
            (new().consecutive(1), "min_requests"),
        ] {
            assert_eq!(
                ejection.check().unwrap_err().to_string(),
                format!("eject: {name} is given, but neither error_percent nor latency")
            );
        }
        new().error_percent(5).check().unwrap();
        new().latency(2, second).check().unwrap();
    }

    #[test]
    fn times_double_up_to_the_longest() {
        let ejection = Ejection::new();
        let times =
            [0, 1, 2, 3, 4, 5, 6, 31, 32, u32::MAX].map(|before| ejection.time(before).as_secs());
        assert_eq!(times, [10, 20, 40, 80, 160, 300, 300, 300, 300, 300]);
    }

    #[test]
    fn the_share_is_rounded_up() {
        let most = |percent, hosts| Ejection::new().max_percent(percent).most(hosts);
        assert_eq!(
            [1, 2, 3, 4, 5].map(|hosts| most(50, hosts)),
            [1, 1, 2, 2, 3]
        );
        assert_eq!([1, 2, 10, 11].map(|hosts| most(10, hosts)), [1, 1, 1, 2]);
        assert_eq!([0, 7].map(|hosts| most(100, hosts)), [0, 7]);
    }
}
