//! Declarative reverse proxying.
