//! Names that dial acts on: a small number for each, so that nothing is compared as text twice.

use http::HeaderName;

macro_rules! names {
    ($($name:ident = $text:literal,)*) => {
        /// What is known of a field's name. All but the first three are one name each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Name {
            /// Nothing.
            Other,
            /// One of the family of `X-Forwarded-For` that has no name of its own here.
            Forwarding,
            /// A name that becomes another one, which is dial's to write, where `_` is read as `-`, as CGI and its heirs do.
            Disguised,
            $($name,)*
        }

        impl Name {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Of a name in lower case.
            pub(crate) fn of(text: &[u8]) -> Self {
                match text {
                    $($text => Self::$name,)*
                    text => Self::of_another(text),
                }
            }

            /// The name, if it is one.
            pub(super) fn text(self) -> &'static [u8] {
                match self {
                    Self::Other | Self::Forwarding | Self::Disguised => b"",
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

names! {
    Authorization = b"authorization",
    Connection = b"connection",
    ContentLength = b"content-length",
    Cookie = b"cookie",
    Date = b"date",
    Expect = b"expect",
    Forwarded = b"forwarded",
    Host = b"host",
    Http2Settings = b"http2-settings",
    KeepAlive = b"keep-alive",
    MaxForwards = b"max-forwards",
    ProxyAuthenticate = b"proxy-authenticate",
    ProxyAuthorization = b"proxy-authorization",
    ProxyConnection = b"proxy-connection",
    SetCookie = b"set-cookie",
    Te = b"te",
    Trailer = b"trailer",
    TransferEncoding = b"transfer-encoding",
    Upgrade = b"upgrade",
    Via = b"via",
    XForwardedFor = b"x-forwarded-for",
    XForwardedHost = b"x-forwarded-host",
    XForwardedProto = b"x-forwarded-proto",
    XRealIp = b"x-real-ip",
}

impl Name {
    fn of_another(text: &[u8]) -> Self {
        if has_underscore(text) {
            let hyphen = |byte: &u8| if *byte == b'_' { b'-' } else { *byte };
            let plain: Vec<_> = text.iter().map(hyphen).collect();
            let plain = Self::of(&plain);
            if Names::OWN.contains(plain) || plain.is_forwarding() || plain == Self::Host {
                return Self::Disguised;
            }
        }
        match text.strip_prefix(b"x-forwarded") {
            Some([] | [b'-', ..]) => Self::Forwarding,
            _ => Self::Other,
        }
    }

    /// Whether a field speaks of the client's identity or way.
    pub(crate) fn is_forwarding(self) -> bool {
        Names::FORWARDING.contains(self)
    }

    /// Whether it is one name.
    pub(super) fn is_one(self) -> bool {
        !matches!(self, Self::Other | Self::Forwarding | Self::Disguised)
    }
}

#[expect(
    clippy::manual_contains,
    reason = "names are so short that a plain loop is over before a search has begun"
)]
fn has_underscore(name: &[u8]) -> bool {
    name.iter().any(|byte| *byte == b'_')
}

impl From<&HeaderName> for Name {
    fn from(name: &HeaderName) -> Self {
        Self::of(name.as_str().as_bytes())
    }
}

/// A set of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(u64);

impl Names {
    /// Fields about one connection (RFC 9110 §7.6.1, §11.7; `HTTP2-Settings`: RFC 7540 §3.2.1).
    pub(crate) const HOP_BY_HOP: Self = Self::of(&[
        Name::Connection,
        Name::Te,
        Name::TransferEncoding,
        Name::Upgrade,
        Name::ProxyAuthenticate,
        Name::ProxyAuthorization,
        Name::KeepAlive,
        Name::ProxyConnection,
        Name::Http2Settings,
    ]);
    /// Fields that dial alone may write: they frame the message or belong to one connection.
    pub(crate) const OWN: Self =
        Self::HOP_BY_HOP.union(Self::of(&[Name::ContentLength, Name::Trailer]));
    /// Fields that speak of the client's identity or way.
    pub(crate) const FORWARDING: Self = Self::of(&[
        Name::Forwarding,
        Name::Forwarded,
        Name::XForwardedFor,
        Name::XForwardedHost,
        Name::XForwardedProto,
        Name::XRealIp,
    ]);
    /// End-to-end fields that a peer must not be able to delete on their way by naming them in `Connection`.
    pub(crate) const PROTECTED: Self = Self::FORWARDING.union(Self::of(&[
        Name::Host,
        Name::ContentLength,
        Name::Authorization,
        Name::Cookie,
        Name::SetCookie,
        Name::Expect,
        Name::MaxForwards,
        Name::Trailer,
        Name::Via,
    ]));

    pub(crate) const fn of(names: &[Name]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < names.len() {
            bits |= 1 << names[at] as u64;
            at += 1;
        }
        Self(bits)
    }

    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, name: Name) -> Self {
        Self(self.0 & !Self::of(&[name]).0)
    }

    pub(crate) fn contains(self, name: Name) -> bool {
        self.0 & (1 << name as u64) != 0
    }

    pub(crate) fn intersects(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    pub(super) fn insert(&mut self, name: Name) {
        self.0 |= 1 << name as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again() {
        for &name in Name::ALL {
            assert_eq!(Name::of(name.text()), name);
            assert!(name.is_one());
        }
        for (text, name) in [
            ("accept", Name::Other),
            ("x-forwarded", Name::Forwarding),
            ("x-forwarded-prefix", Name::Forwarding),
            ("x-forwardedx", Name::Other),
            ("x_forwarded_for", Name::Disguised),
            ("x-forwarded_host", Name::Disguised),
            ("x_real_ip", Name::Disguised),
            ("x-forwarded-pre_fix", Name::Disguised),
            ("content_length", Name::Disguised),
            ("transfer_encoding", Name::Disguised),
            ("host_", Name::Other),
            ("x_own_field", Name::Other),
        ] {
            assert_eq!(Name::of(text.as_bytes()), name, "{text}");
        }
    }
}
