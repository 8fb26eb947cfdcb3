use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api(request: &mut ModifiableRequest, #[cfg(all())] state: dial::State<u8>) {
    let _ = (request, state);
}

fn main() {}
