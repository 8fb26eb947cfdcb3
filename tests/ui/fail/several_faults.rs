use dial::{ModifiableRequest, proxy};

#[proxy(
    "/a//{id",
    hots = ["backend"],
    methods = [get, GET, GET],
    timeout(connect = 5, idle = 1s),
    body_limit = 1KB,
    register = maybe
)]
fn api<T>(request: &ModifiableRequest, id: u64) {
    let _ = (request, id);
}

fn main() {
    let _ = dial::routes![api];
    let _ = (api::PATH, api::upstream());
}
