//! Origins and clients for the integration tests.
