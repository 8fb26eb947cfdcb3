//! The loads, and what each may cost.

use std::net::SocketAddr;
use std::time::Duration;

use dial::{ModifiableRequest, ProxyService, Response, Timeouts, proxy};
use dial_tests::Exchange;
use dial_tests::steady::{request, with_fields};

/// One load.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Allocations and reallocations for each request.
    pub(crate) allocations: usize,
    /// Of the route.
    pub(crate) path: &'static str,
    /// What runs there, in front of an origin.
    pub(crate) proxy: fn(SocketAddr) -> ProxyService,
    pub(crate) exchange: Exchange,
}

/// A `GET` whose handler changes nothing:
/// what was read of the request and of the response (2), the target (1), their fields: text and lines (4),
/// what was received (1), what will be sent: its box, text and lines (3).
const PLAIN: usize = 11;

pub(crate) fn table() -> Vec<Row> {
    let plain = |name, allocations, exchange| Row {
        name,
        allocations,
        path: "/{*path}",
        proxy: untouched,
        exchange,
    };
    vec![
        plain("plain", PLAIN, Exchange::get(70)),
        // More fields take more room, but no more allocations.
        plain("20 and 12 fields", PLAIN, many_fields()),
        Row {
            name: "parameter, rewrite, 2 fields",
            // The template filled in (1), the target: path, query, both, as a `PathAndQuery` (4), names and
            // values of fields (4), what is left with the handler (1).
            allocations: PLAIN + 10,
            path: "/users/{id}",
            proxy: edited,
            exchange: Exchange {
                request: request("GET", "/users/7?page=2", 0),
                arrives: "GET /v2/users/7?page=2 HTTP/1.1\r\n",
                ..Exchange::get(70)
            },
        },
        Row {
            name: "hook",
            // The response's fields as a map: their text (1), shared (1), the map (2); and back: text (2), lines (1),
            // Content-Length (1).
            allocations: PLAIN + 8,
            path: "/{*path}",
            proxy: hooked,
            exchange: Exchange::get(70),
        },
        Row {
            name: "total timeout",
            // What tells of the endpoint's silence (1), the timer for the rest of the response (1).
            allocations: PLAIN + 2,
            path: "/{*path}",
            proxy: in_time,
            exchange: Exchange::get(70),
        },
        // The body is split off what was read with its head (1).
        plain("1 KiB upload", PLAIN + 1, Exchange::post(1024)),
        // The body that is still coming (1), the way back for the reading side (1).
        plain("64 KiB upload", PLAIN + 2, Exchange::post(64 * 1024)),
        // What was read stays where it is (-1).
        plain("64 KiB response", PLAIN - 1, Exchange::get(64 * 1024)),
    ]
}

fn untouched(origin: SocketAddr) -> ProxyService {
    proxy([origin.to_string()], |request: ModifiableRequest| request)
}

fn in_time(origin: SocketAddr) -> ProxyService {
    untouched(origin).timeouts(Timeouts::default().total(Duration::from_hours(1)))
}

fn edited(origin: SocketAddr) -> ProxyService {
    proxy([origin.to_string()], |mut request: ModifiableRequest| {
        request
            .rewrite_path("/v2/users/{id}")
            .add_header("X-Debug", "true")
            .add_header("X-Tier", "edge")
            .build()
    })
}

fn hooked(origin: SocketAddr) -> ProxyService {
    untouched(origin).on_response(|response: &mut Response| {
        assert_eq!(response.status(), 200);
    })
}

/// 20 fields in the request, 12 in the response.
fn many_fields() -> Exchange {
    let Exchange {
        request,
        arrives,
        response,
    } = Exchange::get(70);
    Exchange {
        request: with_fields(&request, 17),
        arrives,
        response: with_fields(&response, 9),
    }
}
