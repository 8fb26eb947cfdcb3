//! An async handler that takes the request.
use dial::{ModifiableRequest, proxy};

#[proxy("/upload", hosts = ["b"], methods = [POST])]
async fn upload(mut request: ModifiableRequest) -> dial::Result {
    tokio::task::yield_now().await;
    request.set_header("x-async", "yes").build()
}

#[tokio::main]
async fn main() {
    let outbound = upload(ModifiableRequest::post("/upload", "body")).await.unwrap();
    assert_eq!(outbound.method(), "POST");
    assert_eq!(outbound.header("x-async"), Some("yes"));
}
