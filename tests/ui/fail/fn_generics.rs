use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"])]
fn api<'a, T: Copy, const N: usize>(mut request: ModifiableRequest) -> dial::Result
where
    T: Send,
{
    request.build()
}

fn main() {}
