//! A response on its way to the client, in the form that needs no map.

use http::{Extensions, StatusCode, Version};

use crate::body::Body;
use crate::fields::Fields;
use crate::handler::Response;

/// What [`Response`] is to user code: most answers meet none of it, and their fields stay the lines they came as.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) fields: Fields,
    pub(crate) body: Body,
    /// Only user code puts anything there, for somebody else's server.
    pub(crate) extensions: Extensions,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status,
            version: parts.version,
            fields: Fields::from(&parts.headers),
            body,
            extensions: parts.extensions,
        }
    }
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(answer.body);
        *response.status_mut() = answer.status;
        *response.version_mut() = answer.version;
        *response.headers_mut() = answer.fields.to_map();
        *response.extensions_mut() = answer.extensions;
        response
    }
}
