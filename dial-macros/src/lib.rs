//! The `#[proxy]` attribute of dial. Reach it through the `dial` crate.
