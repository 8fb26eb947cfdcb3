use dial::{ModifiableRequest, proxy};

#[proxy(hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, id: u64) {
    let _ = (request, id);
}

fn main() {}
