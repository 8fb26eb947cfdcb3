//! What will be sent for a request: the client's original, but for the handler's edits.

use std::sync::Arc;

use http::Method;
use http::uri::PathAndQuery;
use tokio::time::Instant;

use crate::body::Body;
use crate::error::{Error, ErrorKind};
use crate::handler::context::Context;
use crate::handler::headers::Headers;
use crate::handler::hop::Hop;
use crate::handler::outcome::Hook;
use crate::handler::received::{Incoming, Received};
use crate::handler::target::Target;
use crate::route::Params;
use crate::upstream::Attempt;

/// Lives in one box from the handler's call to the endpoint's connection: it is large, and goes through many hands.
pub(crate) struct Draft {
    /// The client's, unless there is one here.
    pub(crate) method: Option<Method>,
    pub(crate) target: Target,
    /// The path and query once it is built, unless they are the client's.
    path_and_query: Option<PathAndQuery>,
    pub(crate) headers: Headers,
    pub(crate) body: Body,
    pub(crate) params: Params,
    pub(crate) hop: Hop,
    pub(crate) context: Arc<dyn Context>,
    pub(crate) hooks: Vec<Hook>,
    /// The attempt to send it, until a connection has it.
    pub(crate) attempt: Attempt,
    /// When the request has to be answered, if there is such a time.
    pub(crate) deadline: Option<Instant>,
    /// The first thing that was impossible.
    pub(crate) fault: Option<Error>,
    built: bool,
}

impl Draft {
    pub(crate) fn new(incoming: Incoming, params: Params, context: Arc<dyn Context>) -> Self {
        Self {
            method: None,
            target: Target::default(),
            path_and_query: None,
            headers: Headers::new(&incoming.received),
            body: incoming.body,
            params,
            hop: incoming.hop,
            context,
            hooks: Vec::new(),
            attempt: Attempt::default(),
            deadline: None,
            fault: None,
            built: false,
        }
    }

    /// What is left of a request that was built: only the original can still be told.
    pub(crate) fn spent(&self) -> Self {
        Self {
            method: None,
            target: Target::default(),
            path_and_query: None,
            headers: Headers::spent(Arc::clone(self.headers.received())),
            body: Body::empty(),
            params: self.params.clone(),
            hop: Hop::default(),
            context: Arc::clone(&self.context),
            hooks: Vec::new(),
            attempt: Attempt::default(),
            deadline: None,
            fault: None,
            built: true,
        }
    }

    /// What will be sent, once more: but for the body, and for what the request asked of its own connection.
    pub(crate) fn copy(&self) -> Self {
        Self {
            method: self.method.clone(),
            path_and_query: self.path_and_query.clone(),
            headers: self.headers.copy(),
            deadline: self.deadline,
            ..self.spent()
        }
    }

    /// Ends the editing.
    pub(crate) fn finish(&mut self) -> Result<(), Error> {
        if std::mem::replace(&mut self.built, true) {
            let what = "the request was already built";
            return Err(Error::new(ErrorKind::Handler, what));
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        self.path_and_query = self.target.path_and_query(&self.original().uri)?;
        Ok(())
    }

    /// The request as it came in.
    pub(crate) fn original(&self) -> &Received {
        self.headers.received()
    }

    pub(crate) fn method(&self) -> &Method {
        self.method.as_ref().unwrap_or(&self.original().method)
    }

    pub(crate) fn path_and_query(&self) -> &PathAndQuery {
        static ROOT: PathAndQuery = PathAndQuery::from_static("/");
        let own = self.path_and_query.as_ref();
        own.or(self.original().uri.path_and_query())
            .unwrap_or(&ROOT)
    }

    /// The target in origin form (RFC 9112 §3.2.1). The asterisk is for OPTIONS alone (§3.2.4).
    pub(crate) fn origin_form(&self) -> &str {
        match self.path_and_query().as_str() {
            "*" if *self.method() != Method::OPTIONS => "/",
            target => target,
        }
    }

    /// Keeps the first fault.
    pub(crate) fn fault(&mut self, error: Error) {
        self.fault.get_or_insert(error);
    }
}
