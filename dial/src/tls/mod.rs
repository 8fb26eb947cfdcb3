//! TLS towards endpoints, through rustls.

mod connector;

#[cfg(test)]
mod tests;

pub use self::connector::UpstreamTls;
