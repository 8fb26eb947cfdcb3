//! Everything that a handler over the request may return.
use dial::{
    Decision, IntoReject, ModifiableRequest, Outbound, Reject, Response, StatusCode, proxy, routes,
};

struct Denied;

impl IntoReject for Denied {
    fn into_reject(self) -> Reject {
        StatusCode::FORBIDDEN.into_reject()
    }
}

#[proxy("/1", hosts = ["b"])]
fn outbound(mut request: ModifiableRequest) -> Outbound {
    request.build().expect("nothing was changed")
}

#[proxy("/2", hosts = ["b"])]
fn request(request: ModifiableRequest) -> ModifiableRequest {
    request
}

#[proxy("/3", hosts = ["b"])]
fn response(_: ModifiableRequest) -> Response {
    Response::new("no backend needed".into())
}

#[proxy("/4", hosts = ["b"])]
async fn decision(mut request: ModifiableRequest) -> Decision {
    match request.build() {
        Ok(outbound) => Decision::Forward(outbound),
        Err(error) => Decision::Fail(error),
    }
}

#[proxy("/5", hosts = ["b"])]
fn denied(_request: ModifiableRequest) -> Result<ModifiableRequest, Denied> {
    Err(Denied)
}

#[proxy("/6", hosts = ["b"])]
async fn question_mark(
    mut request: ModifiableRequest,
) -> Result<Outbound, Box<dyn std::error::Error + Send + Sync>> {
    let n: u8 = "7".parse()?;
    request.set_header("x-n", n.to_string());
    Ok(request.build()?)
}

#[tokio::main]
async fn main() {
    let get = || ModifiableRequest::get("/");
    assert_eq!(outbound(get()).uri(), "/");
    assert_eq!(request(get()).path(), "/");
    assert_eq!(response(get()).status(), StatusCode::OK);
    assert!(matches!(decision(get()).await, Decision::Forward(_)));
    assert!(denied(get()).is_err());
    assert!(question_mark(get()).await.is_ok());
    assert_eq!(routes![outbound, request, response, decision, denied, question_mark].len(), 6);
}
