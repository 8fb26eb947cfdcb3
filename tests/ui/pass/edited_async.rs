//! An async handler that edits in place, and may refuse.
use dial::{ModifiableRequest, StatusCode, proxy};

#[proxy("/in", hosts = ["b"])]
async fn guarded(request: &mut ModifiableRequest) -> Result<(), StatusCode> {
    tokio::task::yield_now().await;
    match request.header("authorization") {
        Some(_) => Ok(()),
        None => Err(StatusCode::UNAUTHORIZED),
    }
}

#[proxy("/users/{id}", hosts = ["b"])]
async fn user(request: &mut ModifiableRequest, id: u32) {
    tokio::task::yield_now().await;
    request.set_header("x-id", id.to_string());
}

#[tokio::main]
async fn main() {
    let mut request = ModifiableRequest::get("/in");
    assert_eq!(guarded(&mut request).await, Err(StatusCode::UNAUTHORIZED));
    user(&mut request, 7).await;
    assert_eq!(request.build().unwrap().header("x-id"), Some("7"));
}
