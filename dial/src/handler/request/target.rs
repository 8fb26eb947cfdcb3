//! Where a request goes: the editing of its path and its query.

use super::ModifiableRequest;
use crate::error::Error;
use crate::handler::draft::Draft;

/// Where it goes. What is not edited is sent byte for byte as the client sent it.
impl ModifiableRequest {
    /// Rewrites the target.
    ///
    /// - A path: the balancer chooses the endpoint and the query stays. A missing leading `/` is added; `//x` is a
    ///   path too.
    /// - A path with a query: the query goes before the client's, as in `/p?v=2&a=1`.
    /// - A full `http://` or `https://` URL: the request goes there and bypasses the balancer; its query is merged
    ///   the same way.
    ///
    /// The last call wins. A fragment is dropped. Bytes that must be percent-encoded are a fault.
    pub fn rewrite_uri(&mut self, uri: impl AsRef<str>) -> &mut Self {
        let result = self.draft.target.rewrite(uri.as_ref());
        self.keep(result)
    }

    /// Replaces the path and keeps the query and the destination.
    pub fn set_path(&mut self, path: impl AsRef<str>) -> &mut Self {
        let result = self.draft.target.set_path(path.as_ref());
        self.keep(result)
    }

    /// Removes `prefix` from the path where it ends at a segment boundary: of `/api`, `/api/x` loses it and
    /// `/apix` does not.
    pub fn strip_prefix(&mut self, prefix: impl AsRef<str>) -> &mut Self {
        let Draft {
            target, headers, ..
        } = &mut *self.draft;
        let original = &headers.received().uri;
        target.strip_prefix(original, prefix.as_ref());
        self
    }

    /// Puts `prefix` before the path.
    pub fn prefix_path(&mut self, prefix: impl AsRef<str>) -> &mut Self {
        let Draft {
            target, headers, ..
        } = &mut *self.draft;
        let original = &headers.received().uri;
        let result = target.prefix_path(original, prefix.as_ref());
        self.keep(result)
    }

    /// Replaces the path by a template of path parameters: `/v2/{id}`, `/files/{*rest}`.
    ///
    /// A `{name}` is filled encoded for one segment, so a `/` in it becomes `%2F`; a `{*name}` keeps its slashes. A
    /// parameter that holds a dot segment is answered with 400.
    ///
    /// ```
    /// use dial::ModifiableRequest;
    ///
    /// # fn main() -> dial::Result<()> {
    /// let mut request = ModifiableRequest::builder().uri("/u/7").param("id", "7").build();
    /// assert_eq!(request.rewrite_path("/v2/users/{id}").build()?.uri(), "/v2/users/7");
    /// # Ok(()) }
    /// ```
    pub fn rewrite_path(&mut self, template: impl AsRef<str>) -> &mut Self {
        let Draft {
            target,
            headers,
            params,
            ..
        } = &mut *self.draft;
        let path = headers.received().uri.path();
        let result = target.rewrite_path(template.as_ref(), |name| params.get(path, name));
        self.keep(result)
    }

    /// Replaces the whole query; an empty one removes it.
    pub fn set_query(&mut self, query: impl AsRef<str>) -> &mut Self {
        let result = self.draft.target.set_query(query.as_ref());
        self.keep(result)
    }

    /// Appends `name=value` to the query, encoding both.
    pub fn append_query(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        let Draft {
            target, headers, ..
        } = &mut *self.draft;
        let original = &headers.received().uri;
        target.append_query(original, name.as_ref(), value.as_ref());
        self
    }

    /// Removes every pair called `name` from the query; the others stay byte for byte.
    pub fn remove_query(&mut self, name: impl AsRef<str>) -> &mut Self {
        let Draft {
            target, headers, ..
        } = &mut *self.draft;
        let original = &headers.received().uri;
        target.remove_query(original, name.as_ref());
        self
    }

    fn keep(&mut self, result: Result<(), Error>) -> &mut Self {
        if let Err(error) = result {
            self.draft.fault(error);
        }
        self
    }
}
