//! Health checks of a proxy in somebody else's application, which has no startup of dial's own.

use super::ProxyService;

impl ProxyService {
    /// Starts the health checks of its upstream now, and not with the first request; see
    /// [`UpstreamBuilder::health`](crate::UpstreamBuilder::health). A [discovery](crate::UpstreamBuilder::discover) of its hosts
    /// begins with them. They run on the tokio runtime this is called on, and with the resolver and TLS settings of this
    /// service, so it is called when the service has all its options.
    ///
    /// Where there is no runtime, where the upstream has neither, or where they run already, nothing happens.
    ///
    /// ```no_run
    /// use dial::{HealthCheck, ModifiableRequest, Upstream};
    ///
    /// # fn start() -> dial::Result<()> {
    /// let upstream = Upstream::builder()
    ///     .hosts(["backend1", "backend2"])
    ///     .health(HealthCheck::http("/healthz"))
    ///     .build()?;
    /// let service = dial::proxy(upstream, |request: ModifiableRequest| request);
    /// service.start_health_checks();
    /// // axum::Router::new().fallback_service(service)
    /// # Ok(())
    /// # }
    /// ```
    pub fn start_health_checks(&self) {
        self.lane().start_tasks();
    }
}
