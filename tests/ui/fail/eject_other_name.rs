use dial::{ModifiableRequest, proxy};

#[proxy("/a", hosts = ["backend"], outlier_detection(consecutive = 5))]
fn api(_request: &mut ModifiableRequest) {}

fn main() {
    let _ = api::PATH;
}
