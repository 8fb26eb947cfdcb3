//! The attribute without a compiler: what it writes, and what it says.

mod diagnostics;
mod golden;
