//! dial under test: served by its own workers, or mounted in axum.

use std::net::SocketAddr;

use dial::{ProxyService, Router, Server, ServerHandle};
use dial_tests::wait::DEADLINE;
use dial_tests::{Gate, Origin, within};
use tokio::task::JoinHandle;

/// A server that runs until it is dropped; then it must have ended without an error.
pub(crate) struct Served {
    pub(crate) addr: SocketAddr,
    handle: ServerHandle,
    task: Option<JoinHandle<dial::Result<()>>>,
}

impl Served {
    /// On two workers.
    pub(crate) fn router(router: Router) -> Self {
        Self::server(Server::builder().workers(2), router)
    }

    /// With options of the test's own.
    pub(crate) fn server(builder: dial::ServerBuilder, router: Router) -> Self {
        let server = builder
            .signals(false)
            .bind("127.0.0.1:0", router)
            .unwrap_or_else(|error| panic!("{error:?}"));
        Self {
            addr: server.local_addr(),
            handle: server.handle(),
            task: Some(tokio::spawn(server.run())),
        }
    }

    /// A single proxy that takes every path.
    pub(crate) fn proxy(proxy: ProxyService) -> Self {
        Self::router(Router::new().at("/{*path}", proxy))
    }

    pub(crate) fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Waits for the end that somebody else brought about.
    pub(crate) async fn ended(mut self) -> dial::Result<()> {
        let task = self.task.take().expect("not waited for before");
        within(DEADLINE, task)
            .await
            .expect("the server does not panic")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

/// An axum application that runs until it is dropped.
pub(crate) struct Axum {
    pub(crate) addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Axum {
    pub(crate) async fn app(app: axum::Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback");
        let addr = listener.local_addr().expect("bound");
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            axum::serve(listener, service).await.expect("axum serves");
        });
        Self { addr, task }
    }

    /// A single proxy that takes every path.
    pub(crate) async fn proxy(proxy: ProxyService) -> Self {
        let proxy = proxy.client_addr(|extensions| {
            extensions
                .get::<axum::extract::ConnectInfo<SocketAddr>>()
                .map(|info| info.0)
        });
        Self::app(axum::Router::new().fallback_service(proxy)).await
    }
}

impl Drop for Axum {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The same proxy in both homes, for tables that must hold in either.
pub(crate) struct Both {
    served: Served,
    axum: Axum,
}

impl Both {
    pub(crate) async fn proxy(proxy: ProxyService) -> Self {
        Self {
            served: Served::proxy(proxy.clone()),
            axum: Axum::proxy(proxy).await,
        }
    }

    /// Each home's name and address.
    pub(crate) fn homes(&self) -> [(&'static str, SocketAddr); 2] {
        [("serve", self.served.addr), ("axum", self.axum.addr)]
    }
}

/// An origin whose answers, `late`, wait at a gate; it notices clients that leave meanwhile.
pub(crate) fn held() -> (Origin, Gate) {
    let gate = Gate::closed();
    let shared = gate.clone();
    let origin = Origin::http(move |_| {
        let gate = shared.clone();
        async move {
            gate.passed().await;
            http::Response::new(http_body_util::Full::new(dial::Bytes::from("late")))
        }
    });
    (origin, gate)
}
