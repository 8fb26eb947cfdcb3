//! dial over real sockets: one binary, a module a topic.

mod balance;
mod child;
mod crowd;
mod discovery;
mod failures;
mod handlers;
mod harness;
mod headers;
mod limits;
mod mounting;
mod persistence;
mod properties;
mod proxy_protocol;
mod restarts;
mod routing;
mod shutdown;
mod smoke;
mod startup;
mod streaming;
mod structure;
mod tls;
mod tunnels;
mod uris;
mod wire;
