use dial::{ModifiableRequest, proxy};

struct Db;

#[proxy("/a", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, db: Db) {
    let _ = (request, db);
}

fn main() {}
