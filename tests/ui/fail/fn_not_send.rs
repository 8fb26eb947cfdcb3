use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
async fn api(mut request: ModifiableRequest) -> dial::Result {
    let local = std::rc::Rc::new(1);
    std::future::ready(()).await;
    request.set_header("x", local.to_string()).build()
}

fn main() {}
