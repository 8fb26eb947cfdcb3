//! dial over real sockets: one binary, a module a topic.

mod balance;
mod child;
mod crowd;
mod failures;
mod handlers;
mod harness;
mod headers;
mod mounting;
mod persistence;
mod properties;
mod restarts;
mod routing;
mod shutdown;
mod smoke;
mod startup;
mod streaming;
mod structure;
mod tls;
mod uris;
mod wire;
