//! When another endpoint is asked as well.

use std::time::Duration;

/// When a request that is not answered yet is sent to another endpoint as well: the first good response is the client's, and
/// the other attempts are given up. This cuts off the slowest answers of endpoints that are slow now and then, for a few more
/// requests. Nothing is hedged unless [`Retry::hedge`](crate::Retry::hedge), or `retry(hedge = 80ms)`, says so.
///
/// ```
/// use std::time::Duration;
/// use dial::{Hedge, Retry};
///
/// // A little more than what nineteen of twenty requests take: then about one in twenty is sent twice.
/// let retry = Retry::default().hedge(Hedge::after(Duration::from_millis(80)));
/// # assert_ne!(retry, Retry::default());
/// ```
///
/// The rules of [`Retry`](crate::Retry) hold for it:
///
/// - A request is hedged only if it may be sent again: if its method is idempotent, or
///   [`any_method`](crate::Retry::any_method) was said. Upgrades and CONNECT are not.
/// - One with a body is so once all of the body has come from the client, and was kept
///   ([`buffer`](crate::Retry::buffer)); the time counts from then.
/// - Each hedge is one of the [`attempts`](crate::Retry::attempts), and is taken from the
///   [budget](crate::Retry::budget). Where that is used up there is none, so that endpoints which are all slow do not get
///   many more requests.
///
/// A hedge goes to an endpoint that is up and was not asked before; if there is none, the request waits as it would have. A
/// response with a status that [`on`](crate::Retry::on) names, or an attempt that fails, does not win while another is under
/// way. When all have come to that, what is left of the attempts is made one after the other.
///
/// The connection of an attempt that is given up is closed, and the endpoint is not blamed for it: one that hangs is found by
/// [`HealthCheck`](crate::HealthCheck), not by its hedges. Only [`Policy::peak_ewma`](crate::Policy::peak_ewma) takes the time
/// for what it was. Interim responses such as 103 come from the first attempt alone. A client of a sticky upstream comes back
/// to the endpoint whose response it got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedge {
    pub(crate) after: Duration,
    pub(crate) most: u32,
}

/// Below that a timer does not tell times apart.
const SHORTEST: Duration = Duration::from_millis(1);
/// No request has more attempts beside its first one.
const MAX_HEDGES: u32 = 3;

impl Hedge {
    /// How long the response's head is waited for before another endpoint is asked as well, connecting included. At least
    /// 1 ms. Most useful is what 95 of 100 requests take at the longest.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self {
            after: time.max(SHORTEST),
            most: 1,
        }
    }

    /// How many more attempts a request may have that way, each after the same time. Default is 1; at least 1 and at most 3.
    #[must_use]
    pub fn most(self, hedges: u32) -> Self {
        Self {
            most: hedges.clamp(1, MAX_HEDGES),
            ..self
        }
    }
}
