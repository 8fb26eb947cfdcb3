use dial::proxy;

struct Incoming(dial::Result);

#[proxy("/a", hosts = ["backend"])]
fn api(request: Incoming) -> dial::Result {
    request.0
}

fn main() {}
