use dial::{ModifiableRequest, proxy};

fn heavy() -> f64 {
    1.5
}

#[proxy("/a", hosts = ["a", ("b", weight = heavy())])]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
