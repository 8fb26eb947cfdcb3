//! The features of the dial crate that keys need: those of this crate have the same names.

use crate::faults::{Checked, Faults};
use syn::Ident;

pub(crate) struct Feature {
    name: &'static str,
    enabled: bool,
}

// Tests of this crate do without them.
pub(crate) const RATE_LIMIT: Feature = Feature {
    name: "rate_limit",
    enabled: cfg!(any(feature = "rate_limit", test)),
};
pub(crate) const STICKY: Feature = Feature {
    name: "sticky",
    enabled: cfg!(any(feature = "sticky", test)),
};

impl Feature {
    /// Refuses `key` where the feature is off.
    pub(crate) fn needed(&self, key: &Ident, faults: &mut Faults) -> Checked<()> {
        if self.enabled {
            return Ok(());
        }
        let name = self.name;
        let message = format!(
            "`{key}` needs dial's feature `{name}`; add it to dial's `features` in Cargo.toml"
        );
        Err(faults.at(key, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    #[test]
    fn the_one_that_is_missing_is_named() {
        let mut faults = Faults::default();
        let key = Ident::new("sticky", Span::call_site());
        assert!(STICKY.needed(&key, &mut faults).is_ok());
        let off = Feature {
            enabled: false,
            ..STICKY
        };
        assert!(off.needed(&key, &mut faults).is_err());
        let error = faults.into_error().expect("a fault").to_string();
        assert_eq!(
            error,
            "`sticky` needs dial's feature `sticky`; add it to dial's `features` in Cargo.toml"
        );
    }
}
