//! The shapes a handler may have, erased to one call.

use std::future::Future;
use std::sync::Arc;

use crate::error::Error;
use crate::handler::outcome::{Decision, IntoDecision, IntoEdit, Outcome, Reject};
use crate::handler::{FromInbound, Inbound, IntoReject, ModifiableRequest, Startup};

/// A handler whatever its shape.
pub(crate) type HandlerFn = Arc<dyn Fn(ModifiableRequest) -> Outcome + Send + Sync>;

/// Functions and closures that can be mounted with [`dial::proxy`](crate::proxy()).
///
/// | first argument | may return |
/// |---|---|
/// | `request: ModifiableRequest` | `dial::Result`, `Outbound`, `ModifiableRequest`, `Response`, `Result<any of these, E: IntoReject>` |
/// | `request: &mut ModifiableRequest` | `()`, `&mut ModifiableRequest`, `Result<(), E: IntoReject>` |
///
/// Sync or async, with up to four further arguments that are [`FromInbound`]. A closure has to name the type of its
/// argument. `Shape` tells the shapes apart; leave it to inference.
///
/// ```
/// use dial::ModifiableRequest;
///
/// dial::proxy(["b1", "b2"], |request: &mut ModifiableRequest| {
///     request.strip_prefix("/api");
/// });
/// dial::proxy(["b1"], async |mut request: ModifiableRequest| {
///     let body = request.body_bytes(64 * 1024).await?;
///     request.set_header("X-Length", body.len()).build()
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    label = "not a handler",
    note = "a handler takes `ModifiableRequest` or `&mut ModifiableRequest` first (a closure must say so) and returns `dial::Result` or `()`",
    note = "an async handler's future must be `Send`"
)]
pub trait Handler<Shape>: Send + Sync + 'static {
    /// Runs it.
    #[doc(hidden)]
    fn call(&self, request: ModifiableRequest) -> Outcome;

    /// Fails if an argument can never be had.
    #[doc(hidden)]
    fn check(&self, startup: &Startup<'_>) -> Result<(), Error>;
}

pub(crate) fn erase<S>(handler: Arc<impl Handler<S>>) -> HandlerFn {
    Arc::new(move |request| handler.call(request))
}

/// `Fn(ModifiableRequest, ..) -> D`.
#[derive(Debug)]
pub struct Owned<Args>(Args);
/// `async Fn(ModifiableRequest, ..) -> D`.
#[derive(Debug)]
pub struct OwnedAsync<Args>(Args);
/// `Fn(&mut ModifiableRequest, ..) -> R`.
#[derive(Debug)]
pub struct Edit<Args>(Args);
/// `async Fn(&mut ModifiableRequest, ..) -> R`.
#[derive(Debug)]
pub struct EditAsync<Args>(Args);

macro_rules! shapes {
    ($($arg:ident)*) => {
        #[allow(non_snake_case, reason = "one identifier serves as type and value")]
        #[diagnostic::do_not_recommend]
        impl<F, D, $($arg,)*> Handler<Owned<($($arg,)*)>> for F
        where
            F: Fn(ModifiableRequest $(, $arg)*) -> D + Send + Sync + 'static,
            D: IntoDecision,
            $($arg: FromInbound,)*
        {
            fn call(&self, request: ModifiableRequest) -> Outcome {
                $(let $arg = match $arg::from_inbound(Inbound(&request)) {
                    Ok(value) => value,
                    Err(reject) => return rejected(reject),
                };)*
                owned(self(request $(, $arg)*))
            }

            fn check(&self, startup: &Startup<'_>) -> Result<(), Error> {
                let _ = startup;
                $($arg::check(startup)?;)*
                Ok(())
            }
        }

        #[allow(non_snake_case, reason = "one identifier serves as type and value")]
        #[diagnostic::do_not_recommend]
        impl<F, O, $($arg,)*> Handler<OwnedAsync<($($arg,)*)>> for F
        where
            F: Fn(ModifiableRequest $(, $arg)*) -> O + Send + Sync + 'static,
            O: Future + Send + 'static,
            O::Output: IntoDecision,
            $($arg: FromInbound,)*
        {
            fn call(&self, request: ModifiableRequest) -> Outcome {
                $(let $arg = match $arg::from_inbound(Inbound(&request)) {
                    Ok(value) => value,
                    Err(reject) => return rejected(reject),
                };)*
                owned_async(self(request $(, $arg)*))
            }

            fn check(&self, startup: &Startup<'_>) -> Result<(), Error> {
                let _ = startup;
                $($arg::check(startup)?;)*
                Ok(())
            }
        }

        #[allow(non_snake_case, reason = "one identifier serves as type and value")]
        #[diagnostic::do_not_recommend]
        impl<F, $($arg,)*> Handler<Edit<($($arg,)*)>> for F
        where
            F: for<'a> EditFn<'a, ($($arg,)*)> + Send + Sync + 'static,
            $($arg: FromInbound,)*
        {
            fn call(&self, mut request: ModifiableRequest) -> Outcome {
                $(let $arg = match $arg::from_inbound(Inbound(&request)) {
                    Ok(value) => value,
                    Err(reject) => return rejected(reject),
                };)*
                let edit = self.edit(&mut request, ($($arg,)*));
                owned_edit(request, edit)
            }

            fn check(&self, startup: &Startup<'_>) -> Result<(), Error> {
                let _ = startup;
                $($arg::check(startup)?;)*
                Ok(())
            }
        }

        #[allow(non_snake_case, reason = "one identifier serves as type and value")]
        #[diagnostic::do_not_recommend]
        impl<F, $($arg,)*> Handler<EditAsync<($($arg,)*)>> for F
        where
            F: for<'a> EditAsyncFn<'a, ($($arg,)*)> + Clone + Send + Sync + 'static,
            $($arg: FromInbound + Send + 'static,)*
        {
            fn call(&self, mut request: ModifiableRequest) -> Outcome {
                $(let $arg = match $arg::from_inbound(Inbound(&request)) {
                    Ok(value) => value,
                    Err(reject) => return rejected(reject),
                };)*
                let handler = self.clone();
                boxed(async move {
                    let edit = handler.edit(&mut request, ($($arg,)*)).await;
                    decide_edit(request, edit)
                })
            }

            fn check(&self, startup: &Startup<'_>) -> Result<(), Error> {
                let _ = startup;
                $($arg::check(startup)?;)*
                Ok(())
            }
        }

        #[allow(non_snake_case, reason = "one identifier serves as type and value")]
        #[diagnostic::do_not_recommend]
        impl<'a, F, R, $($arg,)*> EditFn<'a, ($($arg,)*)> for F
        where
            F: Fn(&'a mut ModifiableRequest $(, $arg)*) -> R,
            R: IntoEdit + 'a,
        {
            fn edit(&self, request: &'a mut ModifiableRequest, ($($arg,)*): ($($arg,)*)) -> Result<(), Reject> {
                self(request $(, $arg)*).into_edit()
            }
        }

        #[allow(non_snake_case, reason = "one identifier serves as type and value")]
        #[diagnostic::do_not_recommend]
        impl<'a, F, O, $($arg,)*> EditAsyncFn<'a, ($($arg,)*)> for F
        where
            F: Fn(&'a mut ModifiableRequest $(, $arg)*) -> O,
            O: Future + Send + 'a,
            O::Output: IntoEdit,
        {
            fn edit(
                &self,
                request: &'a mut ModifiableRequest,
                ($($arg,)*): ($($arg,)*),
            ) -> impl Future<Output = Result<(), Reject>> + Send {
                let edit = self(request $(, $arg)*);
                async move { edit.await.into_edit() }
            }
        }
    };
}

shapes!();
shapes!(A);
shapes!(A B);
shapes!(A B C);
shapes!(A B C D1);

/// `Fn(&'a mut ModifiableRequest, ..)` for one lifetime.
#[doc(hidden)]
pub trait EditFn<'a, Args> {
    fn edit(&self, request: &'a mut ModifiableRequest, args: Args) -> Result<(), Reject>;
}

/// `async Fn(&'a mut ModifiableRequest, ..)` for one lifetime.
#[doc(hidden)]
pub trait EditAsyncFn<'a, Args> {
    fn edit(
        &self,
        request: &'a mut ModifiableRequest,
        args: Args,
    ) -> impl Future<Output = Result<(), Reject>> + Send;
}

// What the code of `#[proxy]` and the impls above end in.

/// A sync handler over an owned request.
pub fn owned(decision: impl IntoDecision) -> Outcome {
    Outcome::Ready(decision.into_decision())
}

/// An async handler over an owned request.
pub fn owned_async<F>(future: F) -> Outcome
where
    F: Future + Send + 'static,
    F::Output: IntoDecision,
{
    boxed(async move { future.await.into_decision() })
}

/// Any future of a decision.
pub fn boxed(future: impl Future<Output = Decision> + Send + 'static) -> Outcome {
    Outcome::Pending(Box::pin(future))
}

/// What an edit came to, free of the borrow of the request.
pub fn edited(edit: impl IntoEdit) -> Result<(), Reject> {
    edit.into_edit()
}

/// A sync handler over `&mut`.
#[must_use]
pub fn owned_edit(request: ModifiableRequest, edited: Result<(), Reject>) -> Outcome {
    Outcome::Ready(decide_edit(request, edited))
}

/// The end of an async handler over `&mut`.
#[must_use]
pub fn decide_edit(request: ModifiableRequest, edited: Result<(), Reject>) -> Decision {
    match edited {
        Ok(()) => request.into_decision(),
        Err(reject) => reject.into_decision(),
    }
}

/// An argument could not be had.
pub fn rejected(reject: impl IntoReject) -> Outcome {
    Outcome::Ready(reject.into_reject().into_decision())
}
