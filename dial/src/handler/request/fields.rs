//! The editing of a request's fields.

use http::header::{HeaderName, HeaderValue};

use super::{ModifiableRequest, invalid};
use crate::error::{Error, ErrorKind};
use crate::fields::is_reserved;
use crate::handler::headers::Headers;

/// Its fields. Those that frame the request or belong to one connection are dial's own: to name one is a fault.
impl ModifiableRequest {
    /// Adds a field, after those of the same name.
    pub fn add_header<N, V>(&mut self, name: N, value: V) -> &mut Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.edit(name, value, |headers, name, value| {
            headers.edit().append(name, value);
        })
    }

    /// Sets a field in place of all of the same name. Setting `Host` decides what the endpoint is sent.
    pub fn set_header<N, V>(&mut self, name: N, value: V) -> &mut Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.edit(name, value, |headers, name, value| {
            headers.edit().set(name, value);
        })
    }

    /// Sets a field unless there is one of the same name.
    pub fn default_header<N, V>(&mut self, name: N, value: V) -> &mut Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        self.edit(name, value, |headers, name, value| {
            if !headers.now().contains(name) {
                headers.edit().set(name, value);
            }
        })
    }

    /// Removes all fields called `name`.
    pub fn remove_header<N>(&mut self, name: N) -> &mut Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
    {
        if let Some(name) = self.name(name) {
            self.draft.headers.edit().remove(&name);
        }
        self
    }

    /// Moves all values of `from` to `to`, in place of what `to` held. Does nothing when there is no `from`.
    pub fn rename_header<N, M>(&mut self, from: N, to: M) -> &mut Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        M: TryInto<HeaderName>,
        M::Error: Into<http::Error>,
    {
        if let (Some(from), Some(to)) = (self.name(from), self.name(to)) {
            self.draft.headers.rename(&from, &to);
        }
        self
    }

    fn edit<N, V>(
        &mut self,
        name: N,
        value: V,
        edit: impl FnOnce(&mut Headers, &HeaderName, &[u8]),
    ) -> &mut Self
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        let Some(name) = self.name(name) else {
            return self;
        };
        match value.try_into() {
            Ok(value) if !self.fields().has_room(&name, value.as_bytes()) => {
                let what = "the fields are larger than 1 GiB in all";
                self.draft.fault(Error::new(ErrorKind::Handler, what));
            }
            Ok(value) => edit(&mut self.draft.headers, &name, value.as_bytes()),
            Err(error) => {
                let error = invalid("header value", error.into()).within(name);
                self.draft.fault(error);
            }
        }
        self
    }

    fn name<N>(&mut self, name: N) -> Option<HeaderName>
    where
        N: TryInto<HeaderName>,
        N::Error: Into<http::Error>,
    {
        match name.try_into() {
            Ok(name) if is_reserved(&name) => {
                let what = format!("`{name}` belongs to one connection: dial sets it");
                self.draft.fault(Error::new(ErrorKind::Handler, what));
                None
            }
            Ok(name) => Some(name),
            Err(error) => {
                self.draft.fault(invalid("header name", error.into()));
                None
            }
        }
    }
}
