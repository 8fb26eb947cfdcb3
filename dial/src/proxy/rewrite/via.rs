//! Via: every message says through whom it came (RFC 9110 §7.6.3).

use crate::config::Pseudonym;
use crate::fields::{Buffer, Fields, Name};

/// Whether a message was here before.
pub(crate) fn names<B: Buffer>(fields: &Fields<B>, own: &Pseudonym) -> bool {
    fields.members(Name::Via).any(|member| {
        // `received-protocol RWS received-by [ RWS comment ]`
        let mut words = member
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty());
        words.nth(1) == Some(own.name().as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Via;

    #[test]
    fn its_own_name_is_found_wherever_it_stands() {
        let own = Via::named("edge").unwrap().pseudonym().unwrap();
        let rows: &[(&[&str], bool)] = &[
            (&["1.1 edge"], true),
            (&["1.0 fred, 1.1 edge (dial)"], true),
            (&["1.0 fred", "HTTP/1.1\t edge"], true),
            (&["1.1 edge2, 1.1 edge:80"], false),
            (&["1.1 fred (edge)"], false),
            (&["edge"], false),
            (&["1.1", "edge edges"], false),
            (&[], false),
        ];
        for (lines, expected) in rows {
            let mut fields = <Fields>::default();
            for line in *lines {
                fields.append(Name::Via, line.as_bytes());
            }
            assert_eq!(names(&fields, &own), *expected, "{lines:?}");
        }
    }
}
